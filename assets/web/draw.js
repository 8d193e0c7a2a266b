// The pad: a digit drawn by hand or taken from the test set, changed by sliders, in MNIST's form.

import { fit } from "./fit.js";
import { element, paintDigit } from "./paint.js";

/** The changes that the demonstrations of 1998 showed: name, least, most, step, unit. */
const CHANGES = [
  ["shift across", -8, 8, 1, "px"],
  ["shift down", -8, 8, 1, "px"],
  ["rotate", -180, 180, 5, "°"],
  ["scale", 0.5, 1.5, 0.05, "×"],
  ["squeeze", 0.5, 2, 0.05, "×"],
  ["thicken", -2, 2, 0.25, "px"],
  ["noise", 0, 100, 5, "%"],
];
const NEUTRAL = { scale: 1, squeeze: 1 };

const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/** Sets up the pad; `changed` gets 784 bytes whenever the digit in hand is another. */
export function pad(/** @type {(pixels: Uint8Array) => void} */ changed) {
  const canvas = byId("pad");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const values = Object.fromEntries(CHANGES.map(([name]) => [name, NEUTRAL[name] ?? 0]));
  /** @type {Uint8Array | null} a digit of the test set, as it is */
  let given = null;
  /** @type {Uint8Array | null} the digit before the changes */
  let digit = null;
  let last = null;
  /** Whether the visitor has drawn or cleared. */
  let touched = false;

  const clear = () => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    [given, digit] = [null, null];
    show();
  };

  const stroke = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const scale = canvas.width / width;
    const point = [(event.clientX - left) * scale, ((event.clientY - top) * canvas.height) / height];
    Object.assign(context, { strokeStyle: "#fff", lineWidth: 22, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(...(last ?? point));
    context.lineTo(...point);
    context.stroke();
    last = point;
    read();
  };

  const read = () => {
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    const ink = Float32Array.from({ length: width * height }, (_, i) => data[4 * i] / 255);
    [given, digit] = [null, fit({ ink, width, height })];
    show();
  };

  const show = () => {
    const pixels = change(digit ?? new Uint8Array(784), values);
    paintDigit(byId("seen"), pixels);
    changed(pixels);
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    touched = true;
    if (given) clear();
    last = null;
    stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && stroke(event));
  byId("clear").addEventListener("click", () => {
    touched = true;
    clear();
  });

  const sliders = CHANGES.map(([name, min, max, step, unit]) => {
    const id = `change-${String(name).replace(" ", "-")}`;
    const input = /** @type {HTMLInputElement} */ (
      element("input", { type: "range", id, min, max, step, value: values[name] })
    );
    input.addEventListener("input", () => {
      values[name] = Number(input.value);
      input.setAttribute("aria-valuetext", `${input.value} ${unit}`);
      show();
    });
    byId("changes").append(element("label", { htmlFor: id, textContent: name }), input);
    return { name, input };
  });
  byId("untouched").addEventListener("click", () => {
    for (const { name, input } of sliders) {
      input.value = String((values[name] = NEUTRAL[name] ?? 0));
      input.removeAttribute("aria-valuetext");
    }
    show();
  });

  clear();
  return {
    touched: () => touched,
    /** Takes a digit as it is. */
    take(/** @type {Uint8Array} */ pixels) {
      [given, digit] = [pixels, pixels];
      const small = document.createElement("canvas");
      paintDigit(small, pixels);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, canvas.width, canvas.height);
      show();
    },
  };
}

/** The digit after shift, rotation, scale, squeeze, thickening and noise. */
function change(/** @type {Uint8Array} */ pixels, values) {
  const angle = (values.rotate * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [wide, high] = [values.scale * Math.sqrt(values.squeeze), values.scale / Math.sqrt(values.squeeze)];
  const ink = (x, y) => (x < 0 || y < 0 || x > 27 || y > 27 ? 0 : pixels[28 * y + x]);
  const between = (x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, down] = [x - left, y - top];
    return (
      (1 - down) * ((1 - right) * ink(left, top) + right * ink(left + 1, top)) +
      down * ((1 - right) * ink(left, top + 1) + right * ink(left + 1, top + 1))
    );
  };
  const moved = new Float32Array(784);
  for (let i = 0; i < 784; i++) {
    const [x, y] = [(i % 28) - 13.5 - values["shift across"], Math.floor(i / 28) - 13.5 - values["shift down"]];
    moved[i] = between((cos * x + sin * y) / wide + 13.5, (cos * y - sin * x) / high + 13.5);
  }
  const thick = thicken(moved, values.thicken);
  let random = 1;
  return Uint8Array.from(thick, (value) => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const noise = (random / 2 ** 32 - 0.5) * 2.55 * values.noise;
    return Math.max(0, Math.min(255, Math.round(value + noise)));
  });
}

/** Ink spread (or, below 0, eaten away) by up to two pixels. */
function thicken(/** @type {Float32Array} */ ink, /** @type {number} */ by) {
  let now = ink;
  for (let left = Math.abs(by); left > 0; left--) {
    const share = Math.min(1, left);
    const before = now;
    now = before.map((value, i) => {
      const [x, y] = [i % 28, Math.floor(i / 28)];
      const around = [
        value,
        x > 0 ? before[i - 1] : 0,
        x < 27 ? before[i + 1] : 0,
        y > 0 ? before[i - 28] : 0,
        y < 27 ? before[i + 28] : 0,
      ];
      const end = by > 0 ? Math.max(...around) : Math.min(...around);
      return value + share * (end - value);
    });
  }
  return now;
}
