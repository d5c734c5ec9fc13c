/** tfjs-node as npm has it: its JavaScript, and the C++ of its binding. */
export const tfjsNode = {
  name: '@tensorflow/tfjs-node',
  version: '4.22.0',
  integrity:
    'sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
};

/** A wheel of PyPI that holds libtensorflow and its C headers. The Python it is for makes no difference. */
export interface Wheel {
  project: string;
  version: string;
  platform: string;
  sha256: string;
}

/** By `process.arch`; all for Linux. */
export const wheels: Readonly<Record<string, Wheel>> = {
  x64: {
    project: 'tensorflow-cpu',
    version: '2.21.0',
    platform: 'manylinux_2_27_x86_64',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  },
  arm64: {
    project: 'tensorflow',
    version: '2.21.0',
    platform: 'manylinux_2_27_aarch64',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  },
};
