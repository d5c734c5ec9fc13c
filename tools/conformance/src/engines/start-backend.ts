import { useBackend } from '@crossmodal/core';

/** Starts an engine as a user does; says why when it cannot run here. */
export async function startBackend(name: string): Promise<string | undefined> {
  try {
    await useBackend(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
