import type { Module } from '@crossmodal/core';
import type { TraceBackend } from './trace-backend';

/** Runs `f`; while a part of the module runs its forward pass, its path is the backend's scope. */
export function withScopes<T>(module: Module | undefined, backend: TraceBackend, f: () => T): T {
  const wrapped: Forwarding[] = [];
  try {
    for (const [path, part] of module?.namedModules() ?? []) {
      const { forward } = part as Forwarding;
      if (!forward || Object.hasOwn(part, 'forward')) continue;
      wrapped.push(part as Forwarding);
      (part as Forwarding).forward = function (...args) {
        const outer = backend.scope;
        backend.scope = path.replaceAll('.', '/');
        try {
          return forward.apply(this, args);
        } finally {
          backend.scope = outer;
        }
      };
    }
    return f();
  } finally {
    for (const part of wrapped) delete part.forward;
  }
}

type Forwarding = Module & { forward?: (...args: unknown[]) => unknown };
