// The page: binds the views to the worker.

import { pad } from "./draw.js";
import { probabilities } from "./host.js";
import { classes, curve, mistakes, rates, Settings } from "./learn.js";
import { Look } from "./look.js";
import { refreshPalette } from "./paint.js";
import { text } from "./text.js";

const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const worker = new Worker("worker.js", { type: "module" });
const send = (type, rest = {}, transfer = []) => worker.postMessage({ type, ...rest }, transfer);

/** @type {any} */
let menu;
/** @type {Settings} */
let settings;
/** @type {Look} */
let look;
let epochs = [];
let running = false;
let configured = "";
/** @type {{ test: Uint8Array, labels: Uint8Array } | null} */
let digits = null;
/** @type {(() => void) | null} what to do once the session is there */
let waiting = null;

/** What the scores of a network are, by its kind of output. */
const MEANING = {
  rbf: "distance to each digit's bitmap, small is good",
  linear: "output of each class, large is good",
  softmax: "probability of each class",
};
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(2)} %`;
const smallest = (/** @type {string} */ network) => menu.networks.get(network).summary.layers.at(-1).name === "rbf";

let ready = false;
const hand = pad((pixels) => ready && send("read", { pixels: pixels.slice() }));

function fault(/** @type {string} */ what) {
  byId("fault").textContent = what;
  byId("fault").hidden = false;
}

/** Makes the session of the settings if there is another one or none, then does what is asked. */
function withSession(/** @type {() => void} */ then, extra = {}) {
  byId("fault").hidden = true;
  const wanted = settings.link();
  if (wanted === configured && !extra.model) return then();
  waiting = then;
  [epochs, configured] = [[], ""];
  byId("doing").textContent = "Compiling the shaders and loading the digits …";
  for (const id of ["train", "one", "reset"]) byId(id).disabled = true;
  send("configure", { settings: settings.value(), ...extra });
  waitingFor = wanted;
}
let waitingFor = "";

const heard = {
  ready(message) {
    menu = message.menu;
    ready = true;
    byId("status").textContent = `Runs on ${message.adapter}.`;
    byId("versions").textContent = `lenet ${menu.version}`;
    settings = new Settings(menu, (value, name) => {
      // A run whose rates do not depend on its length can be extended.
      if (name === "epochs" && configured && value.schedule !== "cosine") {
        configured = settings.link();
        return send("extend", { epochs: value.epochs });
      }
      byId("doing").textContent = "Press Train: these settings start a new run.";
      send("reader", { network: value.network });
    });
    look = new Look(byId("layers"), byId("unit"), menu);
    for (const id of ["train", "one", "reset", "save"]) byId(id).disabled = false;
    curve([], settings.value().epochs);
  },
  answer(answer) {
    if (!look) return;
    look.show(answer);
    rates(answer.rates ?? null, answer.layout);
    const rbf = answer.output === "rbf";
    const sums = answer.layers.at(-1).values;
    const values = answer.output === "softmax" ? probabilities(sums) : sums;
    const order = [...values.keys()].sort((a, b) => (rbf ? values[a] - values[b] : values[b] - values[a]));
    const blank = answer.pixels.every((ink) => ink === 0);
    const scores = order.slice(0, 3).map((c) => `${c} (${values[c].toFixed(rbf ? 1 : 2)})`);
    const meaning = MEANING[answer.output];
    byId("reading").innerHTML = "";
    if (blank) byId("reading").textContent = "Draw a digit, or take one of the test set.";
    else {
      const b = document.createElement("b");
      b.textContent = String(order[0]);
      byId("reading").append(b, `then ${scores[1]} and ${scores[2]}; ${order[0]} itself has ${values[order[0]].toFixed(rbf ? 1 : 2)} (${meaning}).`);
    }
  },
  digits(message) {
    const first = !digits;
    digits = message;
    if (first && !hand.touched()) takeTest(0);
  },
  compiling({ pass, done, all }) {
    byId("bar").value = done / all;
    byId("doing").textContent = `Compiling the shaders of the ${pass} pass: ${done} of ${all}`;
  },
  configured({ epoch }) {
    configured = waitingFor;
    for (const id of ["train", "one", "reset"]) byId(id).disabled = false;
    byId("epoch").textContent = String(epoch);
    for (const id of ["loss", "train-error", "test-error", "speed"]) byId(id).textContent = "–";
    byId("doing").textContent = "Ready.";
    curve(epochs, settings.value().epochs);
    waiting?.();
    waiting = null;
  },
  state(message) {
    running = message.running;
    since = null;
    byId("train").textContent = running ? "Pause" : "Train";
    if (message.done) byId("doing").textContent = "All epochs are done.";
    else if (!running) byId("doing").textContent = "Paused.";
  },
  progress({ epoch, step, steps, samples, loss, errors }) {
    const now = performance.now();
    if (since && samples > since.samples) {
      byId("speed").textContent = Math.round((1000 * (samples - since.samples)) / (now - since.now)).toLocaleString("en");
    }
    since = { samples, now };
    byId("bar").value = step / steps;
    byId("doing").textContent = `Epoch ${epoch + 1}, step ${step} of ${steps}`;
    byId("loss").textContent = loss.toFixed(3);
    byId("train-error").textContent = percent(errors / samples);
  },
  epoch({ epoch, train, test, answers, settings }) {
    since = null;
    byId("epoch").textContent = String(epoch);
    byId("loss").textContent = train.loss.toFixed(3);
    byId("train-error").textContent = percent(train.errors / train.samples);
    byId("test-error").textContent = percent(test.errors / test.samples);
    epochs.push({ train: (100 * train.errors) / train.samples, test: (100 * test.errors) / test.samples });
    curve(epochs, settings.epochs);
    if (digits) mistakes(classes(answers, smallest(settings.network)), digits.labels, digits.test, takeTest);
    text(byId("text"), { epochs, settings });
  },
  file({ file, about, checkpoint }) {
    const why = settings.take(about, checkpoint);
    if (why) return fault(why);
    const what = checkpoint ? "The checkpoint" : "The model";
    withSession(() => (byId("doing").textContent = `${what} is loaded: press Train to go on from it.`), { model: file });
  },
  unsupported: ({ what }) => unsupported(what),
  saved({ file, network }) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file]));
    link.download = `${network}.safetensors`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  },
  fault({ what, during }) {
    fault(what);
    if (during === "configure") {
      for (const id of ["train", "one", "reset"]) byId(id).disabled = false;
      byId("doing").textContent = "Nothing was started.";
    }
  },
};
/** Samples and time of the last progress, for the speed. */
let since = null;

/** Without WebGPU: says what to do, and shows a finished run. */
async function unsupported(/** @type {string} */ what) {
  byId("status").textContent = "This browser gives the page no GPU: what you see was recorded.";
  fault(
    "Chrome and Edge (113 and later), Safari 26 and Firefox 141 on Windows have WebGPU. On Linux, Chrome may need " +
      `chrome://flags/#enable-unsafe-webgpu. The page must come from https or from 127.0.0.1. (${what})`,
  );
  const { recorded } = await import("./recorded.js");
  const record = await recorded();
  menu = record.menu;
  look = new Look(byId("layers"), byId("unit"), menu);
  epochs = record.run.epochs;
  curve(epochs, epochs.length);
  byId("doing").textContent = `Recorded: ${record.run.command}`;
  byId("epoch").textContent = String(epochs.length);
  byId("test-error").textContent = `${epochs.at(-1).test.toFixed(2)} %`;
  byId("train-error").textContent = `${epochs.at(-1).train.toFixed(2)} %`;
  const show = (digit) => {
    hand.take(record.answers[digit].pixels);
    heard.answer(record.answers[digit]);
  };
  for (const id of ["load", "link", "save", "sample-number"]) byId(id).disabled = true;
  byId("sample").onclick = () => show(Math.floor(Math.random() * record.answers.length));
  show(5);
}

function takeTest(/** @type {number} */ i) {
  if (!digits) return;
  byId("sample-number").value = String(i);
  hand.take(digits.test.slice(784 * i, 784 * (i + 1)));
}

byId("train").addEventListener("click", () => (running ? send("pause") : withSession(() => send("start"))));
byId("one").addEventListener("click", () => withSession(() => send("step")));
byId("reset").addEventListener("click", () => {
  send("pause");
  configured = "";
  withSession(() => {});
});
byId("save").addEventListener("click", () => send("save"));
byId("load").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  if (file.size > 64 << 20) return fault(`${file.name} has ${file.size} bytes: too many for a model.`);
  event.target.value = "";
  send("inspect", { model: await file.arrayBuffer() });
});
byId("rates-box").addEventListener("toggle", () => look?.answer && rates(look.answer.rates, look.answer.layout));
byId("link").addEventListener("click", async () => {
  const url = `${location.origin}${location.pathname}#${settings.link()}`;
  await navigator.clipboard?.writeText(url).catch(() => {});
  history.replaceState(null, "", url);
  byId("doing").textContent = "The link is in the address bar and the clipboard.";
});
byId("sample").addEventListener("click", () => {
  if (!ready) return;
  if (!digits) return send("digits");
  takeTest(Math.floor(Math.random() * digits.labels.length));
});
byId("sample-number").addEventListener("change", (event) => {
  if (digits) takeTest(Math.max(0, Math.min(digits.labels.length - 1, Number(event.target.value) || 0)));
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && running) send("pause");
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  refreshPalette();
  if (look?.answer) look.show(look.answer);
  if (settings) curve(epochs, settings.value().epochs);
});

refreshPalette();
text(byId("text"), { epochs, settings: null });
worker.onmessage = ({ data: { type, ...message } }) => heard[type](message);
send("open", { network: new URLSearchParams(location.hash.slice(1)).get("network") });
