// The known answers of `lenet doctor` in a browser. In step with src/gpu/check.rs, which carries checks out, and
// src/doctor/checks.rs, which judges the answers.

import { element } from "./paint.js";

/**
 * @typedef {{ u32: number[] } | { f32: number[] }} Numbers
 * @typedef {{ entry: string, workgroups: number, input_at?: number }} Dispatch
 * @typedef {{ dispatch: Dispatch } | { clear: { at: number, words: number } }
 *   | { copy: { from: number, to: number, words: number } }} Step
 * @typedef {{ name: string, catches: string, required?: boolean, ulp?: number, words?: number, input: Numbers,
 *   steps?: Step[], expected: Numbers, wgsl: string }} Check
 */

/** Times that a check is carried out, with the same bind groups. */
const ROUNDS = 3;

/** The bits of numbers. */
function words(/** @type {Numbers} */ numbers) {
  return "u32" in numbers ? new Uint32Array(numbers.u32) : new Uint32Array(new Float32Array(numbers.f32).buffer);
}

/** A buffer with these words, filled up to a multiple of `unit`. */
function filled(/** @type {GPUDevice} */ device, /** @type {Uint32Array} */ held, unit = 1) {
  const size = 4 * unit * Math.ceil(held.length / unit);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size, usage });
  device.queue.writeBuffer(buffer, 0, held);
  return buffer;
}

/** The first words of `output` after each round. */
async function answers(/** @type {GPUDevice} */ device, /** @type {Check} */ check) {
  const answer = words(check.expected).length;
  const zeros = new Uint32Array(check.words ?? answer);
  const input = filled(device, words(check.input), 64);
  const output = filled(device, zeros);
  const steps = check.steps ?? [{ dispatch: { entry: "main", workgroups: 1 } }];
  const launches = launchesOf(device, check, steps, input, output);
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: 4 * answer, usage });
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    device.queue.writeBuffer(output, 0, zeros);
    const encoder = device.createCommandEncoder();
    steps.forEach((step, number) => {
      if ("dispatch" in step) {
        const pass = encoder.beginComputePass();
        pass.setPipeline(launches[number].pipeline);
        pass.setBindGroup(0, launches[number].group);
        pass.dispatchWorkgroups(step.dispatch.workgroups);
        pass.end();
      } else if ("clear" in step) {
        encoder.clearBuffer(output, 4 * step.clear.at, 4 * step.clear.words);
      } else {
        const { from, to, words } = step.copy;
        encoder.copyBufferToBuffer(input, 4 * from, output, 4 * to, 4 * words);
      }
    });
    encoder.copyBufferToBuffer(output, 0, staging, 0, 4 * answer);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    rounds.push(new Uint32Array(staging.getMappedRange().slice(0)));
    staging.unmap();
  }
  return rounds;
}

/**
 * Pipeline and bind group of each dispatch.
 * @param {GPUDevice} device @param {Check} check @param {Step[]} steps @param {GPUBuffer} input @param {GPUBuffer} output
 */
function launchesOf(device, check, steps, input, output) {
  /** @type {GPUBufferBindingType[]} */
  const types = ["read-only-storage", "storage"];
  if (check.wgsl.includes("var<uniform>")) types.push("uniform");
  const visibility = GPUShaderStage.COMPUTE;
  const entries = types.map((type, binding) => ({ binding, visibility, buffer: { type } }));
  const layout = device.createBindGroupLayout({ entries });
  const module = device.createShaderModule({ code: check.wgsl });
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
  return steps.map((step) => {
    if (!("dispatch" in step)) return null;
    const { entry: entryPoint, input_at = 0 } = step.dispatch;
    const pipeline = device.createComputePipeline({ layout: pipelineLayout, compute: { module, entryPoint } });
    const resources = types.map((type) =>
      type === "storage" ? { buffer: output } : { buffer: input, offset: 4 * input_at });
    const group = device.createBindGroup({ layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
    return { pipeline, group };
  });
}

/** How many numbers of f32 lie between two, the second included. */
function distance(/** @type {number} */ a, /** @type {number} */ b) {
  const [x, y] = [a, b].map((bits) => (bits >>> 31 ? -(bits & 0x7fffffff) : bits));
  const isNaN = [a, b].some((bits) => (bits & 0x7fffffff) > 0x7f800000);
  return isNaN ? Infinity : Math.abs(x - y);
}

/** The largest error over all rounds: its size, place and round. */
function worst(/** @type {Numbers} */ expected, /** @type {Uint32Array[]} */ rounds) {
  const right = words(expected);
  const size = "u32" in expected ? (a, b) => Math.abs(a - b) : distance;
  let largest = { size: 0, place: 0, round: 0 };
  rounds.forEach((found, round) => found.forEach((word, place) => {
    const error = size(word, right[place]);
    if (error > largest.size) largest = { size: error, place, round };
  }));
  return largest;
}

/** Carries a check out and returns its row of the table. */
async function row(/** @type {GPUDevice} */ device, /** @type {Check} */ check) {
  device.pushErrorScope("validation");
  let rounds = [], complaint = null;
  try {
    rounds = await answers(device, check);
  } catch (error) {
    complaint = error.message;
  }
  complaint ??= (await device.popErrorScope())?.message;
  const { size, place, round } = worst(check.expected, rounds);
  const holds = !complaint && size <= (check.ulp ?? 0);
  const where = size ? `${size.toLocaleString("en")} at number ${place}, run ${round + 1}` : "exact";
  const needed = check.required ?? true;
  const state = holds ? "ok" : needed ? "WRONG" : "not needed";
  const cells = [check.name, state, complaint ?? where, holds ? "" : `finds ${check.catches}`];
  return { fault: !holds && needed, line: element("tr", {}, ...cells.map((textContent) => element("td", { textContent }))) };
}

async function run() {
  const status = document.getElementById("status");
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) {
    status.textContent = "This browser offers no WebGPU: docs/page.md says which do.";
    return;
  }
  const device = await adapter.requestDevice();
  /** @type {Check[]} */
  const checks = await (await fetch("doctor.json")).json();
  const titles = ["known answer", "", "largest error", ""].map((textContent) => element("th", { textContent }));
  const table = document.getElementById("answers");
  table.append(element("tr", {}, ...titles));
  let faults = 0;
  for (const check of checks) {
    status.textContent = `${check.name} …`;
    const { fault, line } = await row(device, check);
    faults += Number(fault);
    table.append(line);
  }
  const { vendor, architecture, description } = adapter.info;
  const about = [vendor, architecture, description].filter(Boolean).join(" ");
  status.textContent = `${faults ? `${faults} of ${checks.length} answers are WRONG` : "Everything holds"}: ${about || "an adapter without a name"}`;
}

run().catch((error) => (document.getElementById("status").textContent = `This failed: ${error.message}`));
