/** Bind groups kept, at most. */
const MOST = 4096;

/**
 * Bind groups, made once for the same layout and buffers: in a loop they come back, step after step, since the pool gives
 * the same buffers again. (A training step of 374 programs of ours: all found; made anew, they take 20 ms of the CPU.)
 */
export class BindGroups {
  private readonly ids = new WeakMap<object, number>();
  private readonly groups = new Map<string, GPUBindGroup>();
  private lastId = 0;

  constructor(private readonly device: GPUDevice) {}

  get(layout: GPUBindGroupLayout, bindings: readonly GPUBufferBinding[]): GPUBindGroup {
    let key = String(this.idOf(layout));
    for (const { buffer } of bindings) key += ` ${this.idOf(buffer)}`;
    let group = this.groups.get(key);
    if (!group) {
      const entries = bindings.map((resource, binding) => ({ binding, resource }));
      group = this.device.createBindGroup({ layout, entries });
      if (this.groups.size >= MOST) this.groups.delete(this.groups.keys().next().value!);
      this.groups.set(key, group);
    }
    return group;
  }

  /** No id is given twice, so a group of a buffer that was destroyed is never found again. */
  private idOf(object: object): number {
    let id = this.ids.get(object);
    if (id === undefined) {
      id = ++this.lastId;
      this.ids.set(object, id);
    }
    return id;
  }
}
