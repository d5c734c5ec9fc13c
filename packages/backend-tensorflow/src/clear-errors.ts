import type { Binding } from './binding';
import { TensorflowBackendError } from './errors';

/** libtensorflow's status codes that a user can do something about. */
const OUT_OF_MEMORY = 8;

/**
 * The binding, with errors that say which operation failed and why, in place of a status code. The process and the
 * tensors that there were live on.
 */
export function withClearErrors(binding: Binding): Binding {
  const executeOp: Binding['executeOp'] = (name, ...rest) => {
    try {
      return binding.executeOp(name, ...rest);
    } catch (error) {
      throw clearError(name, error);
    }
  };
  return Object.create(binding, { executeOp: { value: executeOp } }) as Binding;
}

function clearError(operation: string, error: unknown): unknown {
  const [, code, text] =
    /^Invalid TF_Status: (\d+)\nMessage: ([\s\S]*)$/.exec((error as Error).message) ?? [];
  if (text === undefined) return error;
  const what = `tensorflow: ${operation}: ${text.trim().replace(/\.?$/, '.')}`;
  if (Number(code) !== OUT_OF_MEMORY) return new TensorflowBackendError(what, { cause: error });
  return new TensorflowBackendError(
    `${what} Take a smaller batch, or dispose of tensors that are not needed.`,
    { cause: error },
  );
}
