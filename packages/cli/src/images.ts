import { DataError } from '@crossmodal/core';
import { imageFiles, type NamedImage } from '@crossmodal/data';
import type { Command } from 'commander';
import type { CommandIO } from './io';

/** Options of commands that read pictures. */
export interface ImageOptions {
  allowHost?: string[];
}

/** Adds the options of {@link ImageOptions}. */
export function withImages(command: Command): Command {
  return command.option(
    '--allow-host <names...>',
    'hosts that pictures may be fetched from by their address: images.example.com',
  );
}

/** Pictures of paths, patterns and addresses, and what is said of those that cannot be read. */
export class Images {
  read = 0;
  private skipped = 0;

  constructor(
    private readonly inputs: readonly string[],
    private readonly options: ImageOptions,
    private readonly io: CommandIO,
  ) {}

  /** Tells of a picture that is left out. */
  readonly onSkip = ({ id, reason }: { id: string; reason: string }): void => {
    this.skipped++;
    this.io.stderr.write(`${this.clear}Left out: ${id}: ${reason}\n`);
  };

  /** The pictures, counted on a terminal. */
  async *[Symbol.asyncIterator](): AsyncGenerator<NamedImage, void, undefined> {
    const { allowHost: allowHosts } = this.options;
    const onSkip = ({ key, detail }: { key: string; detail: string }) =>
      this.onSkip({ id: key, reason: detail });
    for await (const image of imageFiles(this.inputs, { ...(allowHosts && { allowHosts }), onSkip })) {
      this.read++;
      if (this.io.stderr.isTTY && this.read % 8 === 0)
        this.io.stderr.write(`${this.clear}${this.read} pictures`);
      yield image;
    }
    this.io.stderr.write(this.clear);
  }

  /** To be called at the end. @throws DataError when all were left out. */
  check(): void {
    if (this.skipped > 0 && this.skipped >= this.read) throw new DataError('No picture could be read.');
  }

  private get clear(): string {
    return this.io.stderr.isTTY ? '\r\x1b[K' : '';
  }
}
