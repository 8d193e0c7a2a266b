// Runs a program of `lenet plan --json` on WebGPU.
//
// A program lists buffers, kernels (WGSL) and the dispatches of each pass. Nothing here knows a layer, a loss
// or an optimizer: all of that is in the program.

/**
 * @typedef {{ buffer: number, offset: number, words: number, uniform: boolean }} View
 * @typedef {{ kernel: number, views: View[] }} Dispatch
 * @typedef {{ pipeline: GPUComputePipeline, group: GPUBindGroup, workgroups: number }} Command
 * @typedef {{ label: string, wgsl: string, entry_point: string, workgroups: number,
 *   bindings: { name: string, type: GPUBufferBindingType }[], constants: Record<string, number> }} Kernel
 * @typedef {{ name: string, words: number, start: "zero" | { fill: number } | { words: number[] } }} BufferSpec
 * @typedef {Record<"forward" | "training" | "curvature", { compute: Dispatch[], apply: Dispatch[] }>} Passes
 * @typedef {{ batch: number, ports: Record<string, number | null>, layout: import("./host.js").Layout,
 *   activations: { layer: string, buffer: number, shape: { maps: number, height: number, width: number } }[],
 *   distortion: { digits: number } | null }} Interface
 * @typedef {{ format: number, buffers: BufferSpec[], kernels: Kernel[], replicas: Passes[], interface: Interface,
 *   abi: { data_set: { words: number } }, options: any }} Program
 */

/** The format of programs that this executor reads. */
const FORMAT = 1;

/** What a buffer holds at the start, or undefined where that is zero. */
function contents(/** @type {BufferSpec} */ { start, words }) {
  if (start === "zero") return undefined;
  if ("fill" in start) return new Float32Array(words).fill(start.fill);
  return new Uint32Array(start.words);
}

/** Bytes of a view; a uniform array is a whole number of vec4s. */
function bytes(/** @type {View} */ { words, uniform }) {
  return 4 * (uniform ? 4 * Math.ceil(words / 4) : words);
}

/** One device with all buffers and pipelines of a program. */
export class Executor {
  /**
   * @param {GPUDevice} device @param {Program} program
   * @param {Record<string, number>} [constants] values in place of the program's, by name
   */
  constructor(device, program, constants = {}) {
    if (program.format !== FORMAT) throw new Error(`a program of format ${program.format}, not ${FORMAT}`);
    if (program.replicas.length !== 1) throw new Error("a program for several devices: use --replicas 1");
    this.device = device;
    this.program = program;
    this.constants = constants;
    /** @type {GPUBuffer[]} */
    this.buffers = program.buffers.map((spec) => this.#buffer(spec));
    /** @type {Map<number, Promise<GPUComputePipeline>>} */
    this.pipelines = new Map();
    /** @type {Map<string, Command[]>} */
    this.passes = new Map();
  }

  /**
   * Compiles the kernels of a pass. A message of the compiler is an error.
   * @param {keyof Passes} pass
   * @param {(compiled: number, kernels: number) => void} [progress]
   */
  async prepare(pass, progress = () => {}) {
    const { compute, apply } = this.program.replicas[0][pass];
    const dispatches = [...compute, ...apply];
    const kernels = [...new Set(dispatches.map((dispatch) => dispatch.kernel))];
    let compiled = 0;
    await Promise.all(
      kernels.map(async (kernel) => {
        await this.#pipeline(kernel);
        progress(++compiled, kernels.length);
      }),
    );
    this.passes.set(pass, await Promise.all(dispatches.map((dispatch) => this.#bind(dispatch))));
  }

  /**
   * Submits `steps` steps of a prepared pass.
   * @param {keyof Passes} pass @param {number} steps
   * @param {Collected} [collected] takes a row after each step
   */
  run(pass, steps, collected) {
    const commands = this.passes.get(pass);
    if (!commands) throw new Error(`the pass ${pass} is not prepared`);
    const encoder = this.device.createCommandEncoder();
    for (let step = 0; step < steps; step++) {
      const encoded = encoder.beginComputePass();
      for (const { pipeline, group, workgroups } of commands) {
        encoded.setPipeline(pipeline);
        encoded.setBindGroup(0, group);
        encoded.dispatchWorkgroups(workgroups);
      }
      encoded.end();
      collected?.take(encoder);
    }
    this.device.queue.submit([encoder.finish()]);
  }

  /** Prepares to collect the first `row` bytes of a port after each of `steps` steps. */
  collect(/** @type {number} */ port, /** @type {number} */ row, /** @type {number} */ steps) {
    return new Collected(this.device, this.buffers[port], row, steps);
  }

  /** @param {number} port @param {BufferSource} data @param {number} [offset] in bytes */
  write(port, data, offset = 0) {
    this.device.queue.writeBuffer(this.buffers[port], offset, data);
  }

  /**
   * Copies what a port of another executor of the same device holds.
   * @param {Executor} from @param {string} port
   */
  copy(from, port) {
    const [source, target] = [from, this].map(({ buffers, program }) => buffers[program.interface.ports[port]]);
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, target, 0, Math.min(source.size, target.size));
    this.device.queue.submit([encoder.finish()]);
  }

  /**
   * Reads the first bytes of a buffer once all submitted work is done.
   * @param {number} port @param {number} size in bytes
   */
  async read(port, size) {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = this.device.createBuffer({ size, usage });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffers[port], 0, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    return bytes;
  }

  /** The value of a pipeline constant, or undefined if no kernel declares it. */
  constant(/** @type {string} */ name) {
    const shipped = this.program.kernels.find(({ constants }) => name in constants);
    return shipped && (this.constants[name] ?? shipped.constants[name]);
  }

  /** Frees all buffers. */
  destroy() {
    this.buffers.forEach((buffer) => buffer.destroy());
  }

  #buffer(/** @type {BufferSpec} */ spec) {
    const { STORAGE, UNIFORM, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const usage = STORAGE | UNIFORM | COPY_SRC | COPY_DST;
    const buffer = this.device.createBuffer({ label: spec.name, size: 4 * spec.words, usage });
    const data = contents(spec);
    if (data) this.device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  #pipeline(/** @type {number} */ index) {
    const known = this.pipelines.get(index);
    if (known) return known;
    const pipeline = this.#compile(this.program.kernels[index]);
    this.pipelines.set(index, pipeline);
    return pipeline;
  }

  /** @param {Kernel} kernel */
  async #compile({ label, wgsl, entry_point, constants, bindings }) {
    const module = this.device.createShaderModule({ label, code: wgsl });
    const { messages } = await module.getCompilationInfo();
    if (messages.length) throw new Error(`${label}: ${messages[0].lineNum}: ${messages[0].message}`);
    const entries = bindings.map(({ type }, binding) => {
      return { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } };
    });
    const layout = this.device.createPipelineLayout({
      bindGroupLayouts: [this.device.createBindGroupLayout({ label, entries })],
    });
    const chosen = Object.keys(constants).map((name) => [name, this.constants[name] ?? constants[name]]);
    const compute = { module, entryPoint: entry_point, constants: Object.fromEntries(chosen) };
    return this.device.createComputePipelineAsync({ label, layout, compute });
  }

  /** @returns {Promise<Command>} */
  async #bind(/** @type {Dispatch} */ { kernel, views }) {
    const pipeline = await this.#pipeline(kernel);
    const entries = views.map((view, binding) => {
      const buffer = this.buffers[view.buffer];
      return { binding, resource: { buffer, offset: 4 * view.offset, size: bytes(view) } };
    });
    const group = this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    return { pipeline, group, workgroups: this.program.kernels[kernel].workgroups };
  }
}

/** Rows that stood in a buffer after each step, one after the other. */
class Collected {
  /** @param {GPUDevice} device @param {GPUBuffer} source @param {number} row @param {number} steps */
  constructor(device, source, row, steps) {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    this.rows = device.createBuffer({ size: row * steps, usage });
    this.source = source;
    this.row = row;
    this.taken = 0;
  }

  take(/** @type {GPUCommandEncoder} */ encoder) {
    encoder.copyBufferToBuffer(this.source, 0, this.rows, this.row * this.taken++, this.row);
  }

  async read() {
    await this.rows.mapAsync(GPUMapMode.READ);
    const bytes = this.rows.getMappedRange().slice(0);
    this.rows.destroy();
    return bytes;
  }
}
