// The text around the figures: what each part is, what the paper reports, what this page just got.

import { element } from "./paint.js";

const PARTS = [
  ["Convolution: C1, C3, C5", "Each unit looks at a 5 × 5 patch of the layer before, and all units of a map share the same 25 weights: a map finds one feature wherever it stands. In C3 a map sees only some of the six maps of S2 (table I of the paper), so that the maps have to become different."],
  ["Pooling: S2, S4", "Four neighbours are added, times a coefficient that is trained, plus a bias. Where exactly a feature stands matters less afterwards."],
  ["F6 and the output", "84 units are drawn as a picture of 7 × 12 pixels. The ten outputs are the squared distances between that picture and a fixed bitmap of each digit: the smallest wins."],
  ["What is trained", "60,000 weights, by stochastic gradient descent with momentum, or by the paper's own method, which divides each weight's step by its curvature (SDLM), or by Adam."],
  ["What the paper reports", "LeNet-5 misreads 0.95 % of the 10,000 test digits after twenty passes over 60,000, and 0.8 % when it is trained on distorted digits too (LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 86(11), 1998)."],
];

/** Writes the text, with the result of the run where there is one. */
export function text(/** @type {HTMLElement} */ box, { epochs, settings }) {
  const part = (title, what) => element("div", {}, element("h3", { textContent: title }), element("p", { textContent: what }));
  const parts = PARTS.map(([title, what]) => part(title, what));
  const last = epochs.at(-1);
  const got = last
    ? `After ${epochs.length} epoch${epochs.length === 1 ? "" : "s"} of ${settings.network}: ${last.test.toFixed(2)} % of the test digits are misread, ${last.train.toFixed(2)} % of the training digits on the way.`
    : "Nothing yet: press Train.";
  box.replaceChildren(...parts, part("What this page just got", got));
}
