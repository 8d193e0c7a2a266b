// Without WebGPU: what a trained network made of ten digits, and how a run went, so that the page is not empty.

import { parse, parameters } from "./safetensors.js";

const json = async (/** @type {string} */ url) => (await fetch(url)).json();

/**
 * Loads the record of the first network of the menu.
 * @returns {Promise<{ menu: any, answers: any[], run: any }>} an answer as the worker gives it for each digit
 */
export async function recorded() {
  const [menu, run] = await Promise.all([json("menu.json"), json("run.json")]);
  menu.networks = new Map(menu.networks.map((shipped) => [shipped.name, shipped]));
  const [network, shipped] = menu.networks.entries().next().value;
  const [digits, program, model] = await Promise.all([
    json(shipped.recorded),
    json(shipped.inspect),
    fetch(shipped.model).then((response) => response.arrayBuffer()),
  ]);
  const { layout } = program.interface;
  const weights = parameters(parse(model).tensors, layout);
  const answers = digits.map(({ pixels, layers }) => {
    const floats = layers.map(({ values, ...rest }) => ({ ...rest, values: Float32Array.from(values) }));
    const { output } = program.options;
    return { network, output, weights, layout, pixels: Uint8Array.from(pixels), layers: floats };
  });
  return { menu, answers, run };
}
