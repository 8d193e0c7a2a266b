// Reads and writes `model.safetensors` (https://github.com/huggingface/safetensors): names, shapes and f32
// numbers, with one metadata key `lenet` that says what the network is.

import { CARRIED, places } from "./host.js";

/** No model of this program is as large as this. */
const MAX_BYTES = 64 << 20;

/**
 * @param {ArrayBuffer} file
 * @returns {{ about: any, tensors: Map<string, { shape: number[], numbers: Float32Array }> }}
 */
export function parse(file) {
  if (file.byteLength > MAX_BYTES) throw new Error(`${file.byteLength} bytes are too many for a model`);
  const cut = () => new Error("it is no safetensors file, or a cut one");
  if (file.byteLength < 8) throw cut();
  const length = Number(new DataView(file).getBigUint64(0, true));
  if (length > file.byteLength - 8) throw cut();
  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  } catch {
    throw cut();
  }
  const about = header.__metadata__?.lenet;
  if (!about) throw new Error('it has no metadata key "lenet": give a model.safetensors of lenet train');
  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [start, end] = entry.data_offsets ?? [];
    const { dtype, shape } = entry;
    const size = Array.isArray(shape) ? 4 * shape.reduce((product, side) => product * side, 1) : -1;
    if (dtype !== "F32" || end - start !== size || !(8 + length + end <= file.byteLength)) {
      throw new Error(`the tensor ${name} is not whole`);
    }
    const numbers = new Float32Array(file.slice(8 + length + start, 8 + length + end));
    if (!numbers.every(Number.isFinite)) throw new Error(`the tensor ${name} has a number that is not finite`);
    tensors.set(name, { shape, numbers });
  }
  return { about: JSON.parse(about), tensors };
}

/** The tensors whose names begin with `prefix`, as one array in the order of the layout. */
export function parameters(tensors, layout, prefix = "") {
  const numbers = new Float32Array(layout.size);
  for (const tensor of layout.tensors) {
    const found = tensors.get(prefix + tensor.name);
    if (String(found?.shape) !== String(tensor.shape)) {
      throw new Error(`the tensor ${tensor.name} is missing or has another shape: it is of another network`);
    }
    places(tensor).forEach((place, i) => (numbers[place] = found.numbers[i]));
  }
  return numbers;
}

/**
 * The state of a run that a checkpoint of `lenet train` holds.
 * @returns {import("./session.js").State}
 */
export function checkpoint({ about, tensors }, layout) {
  const carried = CARRIED.filter((port) => tensors.has(`${port}.${layout.tensors[0].name}`));
  const numbers = Object.fromEntries(carried.map((port) => [port, parameters(tensors, layout, `${port}.`)]));
  const state = { epoch: about.history.length, numbers };
  if (!about.position) return state;
  return { ...state, step: about.position.step, totals: tensors.get("totals").numbers };
}

/** The bytes of a model file. */
export function serialize(layout, numbers, about) {
  const header = { __metadata__: { lenet: JSON.stringify(about) } };
  let end = 0;
  const tensors = layout.tensors.map((tensor) => {
    const values = Float32Array.from(places(tensor), (place) => numbers[place]);
    header[tensor.name] = { dtype: "F32", shape: tensor.shape, data_offsets: [end, (end += values.byteLength)] };
    return values;
  });
  let text = JSON.stringify(header);
  text += " ".repeat(-text.length & 7);
  const encoded = new TextEncoder().encode(text);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(encoded.length), true);
  return new Blob([length.buffer, encoded, ...tensors]);
}
