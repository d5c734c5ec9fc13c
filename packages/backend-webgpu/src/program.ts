import type * as tf from '@tensorflow/tfjs-core';

/**
 * Element types of storage buffers; `vec4` ones take tensors whose size is a multiple of 4. An input that is `uniform`
 * is no array but one `vec4<f32>`, a tensor of `WebgpuBackend.uniformOf`: it is none of the few storage buffers.
 */
export type Element = 'f32' | 'i32' | 'u32' | 'vec4<f32>' | 'uniform';

/**
 * A compute shader of ours: what tfjs's `runWebGPUProgram` has not: several outputs, updates in place, and buffers
 * bound as they are, without code for shapes around them.
 */
export interface Program {
  /** Names it in errors and profiles, and with `constants` identifies it: another shader has another name. */
  name: string;
  /** Buffers that it reads, in the order of their bindings. */
  inputs: Readonly<Record<string, Element>>;
  /** Buffers that it writes, and may read: the bindings after those. */
  outputs: Readonly<Record<string, Element>>;
  /** Fields of the structure `uniforms`: each one scalar of 4 bytes. */
  uniforms: Readonly<Record<string, 'u32' | 'i32' | 'f32'>>;
  /** What WGSL must be told to `enable`, or to require. */
  extensions?: readonly ('f16' | 'subgroups')[];
  /** WGSL after the declarations of the buffers: functions, with one entry point `main`. Asked for when it is compiled. */
  code(): string;
}

export interface Dispatch {
  /** A tensor for each input and output of the program. An output that is also read keeps what it holds. */
  buffers: Readonly<Record<string, tf.TensorInfo>>;
  uniforms: Readonly<Record<string, number>>;
  /** Values of the `override` constants in its code. */
  constants?: Readonly<Record<string, number>>;
  /**
   * How many workgroups. One number may be any: it is folded into two dimensions, and `groupIndex` of the code
   * gives back the index, which may be beyond the last. Three numbers are taken as they are.
   */
  workgroups: number | readonly [number, number, number];
}

/** Workgroups in one dimension, at most, on every device. */
const MAX_WORKGROUPS = 65_535;

/** The whole shader: declarations, then the code of the program. */
export function shaderOf(program: Program): string {
  const { inputs, outputs, uniforms, extensions = [] } = program;
  const bind = (access: string, buffers: Program['inputs'], first: number) =>
    Object.entries(buffers).map(
      ([name, element], i) =>
        `@group(0) @binding(${first + i}) ` +
        (element === 'uniform'
          ? `var<uniform> ${name}: vec4<f32>;`
          : `var<storage, ${access}> ${name}: array<${element}>;`),
    );
  const numInputs = Object.keys(inputs).length;
  const fields = Object.entries(uniforms).map(([name, type]) => `  ${name}: ${type},`);
  return [
    ...extensions.map((extension) => `enable ${extension};`),
    ...bind('read', inputs, 0),
    ...bind('read_write', outputs, numInputs),
    ...(fields.length > 0
      ? [
          `struct Uniforms {\n${fields.join('\n')}\n}`,
          `@group(0) @binding(${numInputs + Object.keys(outputs).length}) var<uniform> uniforms: Uniforms;`,
        ]
      : []),
    'fn groupIndex(group: vec3<u32>, count: vec3<u32>) -> u32 { return group.x + group.y * count.x; }',
    program.code(),
  ].join('\n');
}

/** Bytes of the uniforms, in the order of their declaration. */
export function uniformBytes(program: Program, values: Dispatch['uniforms']): ArrayBuffer {
  const fields = Object.entries(program.uniforms);
  const bytes = new DataView(new ArrayBuffer(16 * Math.ceil(fields.length / 4)));
  for (const [i, [name, type]] of fields.entries()) {
    const value = values[name];
    if (value === undefined) throw new Error(`${program.name}: no value for uniforms.${name}.`);
    if (type === 'f32') bytes.setFloat32(4 * i, value, true);
    else if (type === 'i32') bytes.setInt32(4 * i, value, true);
    else bytes.setUint32(4 * i, value, true);
  }
  return bytes.buffer;
}

/** The three dimensions of a dispatch. */
export function workgroupsOf({ workgroups }: Dispatch): readonly [number, number, number] {
  if (typeof workgroups !== 'number') return workgroups;
  const x = Math.min(workgroups, MAX_WORKGROUPS);
  return [x, Math.ceil(workgroups / x), 1];
}

interface Compiled {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

/** Pipelines of a device, compiled when they are first wanted. */
export class Pipelines {
  private readonly compiled = new Map<string, Compiled>();

  constructor(private readonly device: GPUDevice) {}

  get(program: Program, constants: Record<string, number> = {}): Compiled {
    const key = `${program.name} ${JSON.stringify(constants)}`;
    let found = this.compiled.get(key);
    if (!found) {
      found = this.compile(program, constants);
      this.compiled.set(key, found);
    }
    return found;
  }

  private compile(program: Program, constants: Record<string, number>): Compiled {
    const { device } = this;
    const buffers: GPUBufferBindingLayout[] = [
      ...Object.values(program.inputs).map((element) => ({
        type: element === 'uniform' ? ('uniform' as const) : ('read-only-storage' as const),
      })),
      ...Object.keys(program.outputs).map(() => ({ type: 'storage' as const })),
      ...(Object.keys(program.uniforms).length > 0
        ? [{ type: 'uniform' as const, hasDynamicOffset: true }]
        : []),
    ];
    const layout = device.createBindGroupLayout({
      label: program.name,
      entries: buffers.map((buffer, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer })),
    });
    const pipeline = device.createComputePipeline({
      label: program.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: {
        module: device.createShaderModule({ label: program.name, code: shaderOf(program) }),
        entryPoint: 'main',
        constants,
      },
    });
    return { pipeline, layout };
  }
}
