// Drives the page in headless Chromium as a visitor would: node page.mjs ADDRESS LENET FOLDER
// Needs playwright-core (npm) and Debian's chromium; prints what it checks and ends with 1 where something fails.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { chromium } from "playwright-core";

const [address, lenet, folder] = process.argv.slice(2);
const failures = [];
const check = (what, holds) => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}`);
  if (!holds) failures.push(what);
};

const flags = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
const page = await context.newPage();
const noise = [];
page.on("console", (message) => noise.push(`${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => noise.push(error.message));
const text = (id) => page.textContent(`#${id}`);
const ready = () => page.waitForFunction(() => !document.querySelector("#train").disabled, null, { timeout: 120_000 });
const says = (pattern) =>
  page.waitForFunction((p) => new RegExp(p).test(document.querySelector("#doing").textContent), pattern, { timeout: 300_000 });

/** Opens the page with settings and waits until it can train. */
async function open(settings) {
  await page.goto("about:blank");
  await page.goto(`${address}#${settings}`);
  await ready();
}

/** Saves the model under a name and gives its path. */
async function save(name) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  const path = `${folder}/${name}`;
  await download.saveAs(path);
  return path;
}

// The test can take the device away, and time passes quickly between two saved states.
await page.route("**/worker.js", async (route) => {
  const text = await (await route.fetch()).text();
  const body = text.replace("const SAVE = 10_000;", "const SAVE = 300;") + "\nself.lose = () => device.destroy();";
  await route.fulfill({ body, contentType: "text/javascript" });
});

const small = "network=lenet1&batch=16&rate=0.03&epochs=2&seed=1";
await open(small);
/** Whether the page reads the digit in hand as this class, in the end. */
const reads = (digit) =>
  page
    .waitForFunction((d) => document.querySelector("#reading b")?.textContent === d, digit, { timeout: 60_000 })
    .then(() => true, () => false);
check("a digit of the test set is read at once", await reads("7"));

// Drawing: a vertical stroke is a one.
const pad = await page.locator("#pad").boundingBox();
await page.click("#clear");
await page.mouse.move(pad.x + 105, pad.y + 30);
await page.mouse.down();
for (let y = 30; y <= 170; y += 10) await page.mouse.move(pad.x + 105 - (y - 30) / 14, pad.y + y);
await page.mouse.up();
check("a drawn stroke is read as 1", await reads("1"));
const drawn = await page.evaluate(() => document.querySelector("#pad").toDataURL().split(",")[1]);
fs.writeFileSync(`${folder}/drawn.png`, Buffer.from(drawn, "base64"));
const model = `${folder}/lenet1.safetensors`;
fs.writeFileSync(model, Buffer.from(await (await fetch(`${address}models/lenet1.safetensors`)).arrayBuffer()));
const predicted = execFileSync(lenet, ["predict", model, `${folder}/drawn.png`, "--json"]);
check("lenet predict reads the same picture as 1", /"(class|digit)": ?1\b/.test(String(predicted)));

// Training: the loss falls, pausing and going on works.
await page.click("#train");
await says("step [0-9]+ of");
await page.click("#train");
await says("Paused");
const first = Number(await text("loss"));
await page.click("#train");
await says("All epochs are done");
check(`the loss falls (${first} to ${await text("loss")})`, Number(await text("loss")) < 0.8 * first);
check("both epochs are counted", (await text("epoch")) === "2");
check("there is a confusion matrix", (await page.locator(".confusion td").count()) > 100);

// Determinism: the same settings without a pause leave the same bytes.
const once = fs.readFileSync(await save("paused.safetensors"));
await page.click("#reset");
await says("Ready");
await page.click("#train");
await says("All epochs are done");
check("the same settings leave the same bytes, paused or not", once.equals(fs.readFileSync(await save("whole.safetensors"))));
const evaluated = execFileSync(lenet, ["evaluate", `${folder}/whole.safetensors`, "--device", "cpu", "--json"]);
check("lenet evaluate takes the model", String(evaluated).includes("errors"));

// The loss of the device: a sentence, and the run goes on from the last saved state to the same end.
await page.click("#reset");
await says("Ready");
await page.click("#train");
await says("step (2[0-9]|3[0-9]) of");
await page.workers()[0].evaluate(() => self.lose());
const told = page.waitForFunction(() => /lost.*back at epoch [12], step/.test(document.querySelector("#fault").textContent), null, { timeout: 120_000 });
check("the loss of the device is told", await told.then(() => true, () => false));
await says("All epochs are done");
check("and the run ends with the same bytes", once.equals(fs.readFileSync(await save("lost.safetensors"))));

// The other plan learns as much.
const wrong = await text("test-error");
await open(`${small}&plan=layered`);
await page.click("#train");
await says("All epochs are done");
check(`both plans end alike: ${wrong} and ${await text("test-error")} wrong`, Math.abs(parseFloat(wrong) - parseFloat(await text("test-error"))) < 1);
await open(small);

// Loading: the model goes back in.
await page.setInputFiles("#load", `${folder}/whole.safetensors`);
await says("The model is loaded");
await page.setInputFiles("#load", `${folder}/drawn.png`);
await page.waitForSelector("#fault:not([hidden])");
check("a picture as a model is refused in a sentence", /safetensors/.test(await text("fault")));
const whole = fs.readFileSync(`${folder}/whole.safetensors`);
fs.writeFileSync(`${folder}/cut.safetensors`, whole.subarray(0, whole.length / 2));
fs.writeFileSync(`${folder}/other.safetensors`, Buffer.from(whole.toString("latin1").replaceAll("lenet1", "lenet9"), "latin1"));
fs.writeFileSync(`${folder}/huge.safetensors`, "");
fs.truncateSync(`${folder}/huge.safetensors`, 200 << 20);
for (const [name, says] of [["cut", /not whole/], ["other", /lenet9/], ["huge", /too many/]]) {
  await page.evaluate(() => (document.querySelector("#fault").hidden = true));
  await page.setInputFiles("#load", `${folder}/${name}.safetensors`);
  await page.waitForSelector("#fault:not([hidden])");
  check(`${name}.safetensors is refused: ${await text("fault")}`, says.test(await text("fault")));
}
const numbers = (file) => file.subarray(-4 * 2500);
check("and nothing is lost", numbers(whole).equals(numbers(fs.readFileSync(await save("kept.safetensors")))));

// Keyboard: a unit is chosen with the arrow keys.
await page.locator(".layer canvas").nth(1).focus();
await page.keyboard.press("ArrowRight");
await page.keyboard.press("ArrowDown");
check("the arrow keys show what a unit sees", /H1, map 0/.test(await text("unit")));

// The link holds the state.
await page.selectOption("#set-batch", "256");
check("settings stand in the address", page.url().includes("batch=256"));
await page.reload();
await ready();
check("and come back from it", (await page.inputValue("#set-batch")) === "256");

// The constants of SDLM and of distortions can be set, and the page shows what they make of the rates.
await open("network=lenet5&batch=16&optimizer=sdlm&distort=on&epochs=1&mu=0.05");
check("mu comes from the address", (await page.inputValue("#set-mu")) === "0.05");
await page.fill("#set-shear", "0.3");
await page.press("#set-shear", "Tab");
check("a range stands in the address", page.url().includes("shear=0.3"));
await page.click("#one");
await says("Paused");
await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
await page.waitForFunction(() => /C3/.test(document.querySelector("#rates").textContent), null, { timeout: 60_000 });
await page.locator(".insides").nth(1).locator("th[scope=col] button").nth(3).click();
check("a column of C3's table shows what the map sees", /C3, map 3/.test(await text("unit")) && /3 of 6/.test(await text("unit")));
check("and is marked", (await page.locator("td.on").count()) === 6);
await page.uncheck("#set-distort");
check("without distortions there are no ranges", await page.locator("#set-shear").isHidden());

for (const scheme of ["light", "dark"]) {
  await page.emulateMedia({ colorScheme: scheme });
  for (const width of [1440, 768, 360]) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(300);
    await page.screenshot({ path: `${folder}/${scheme}-${width}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(`nothing sticks out at ${width} pixels, ${scheme}`, wide <= width);
  }
}
// A checkpoint of the command line continues in the page, which ends near where the command line ends.
const same = ["--data", `${folder}/idx`, "--network", "lenet1", "--batch", "16", "--device", "cpu", "--schedule", "constant"];
fs.mkdirSync(`${folder}/idx`);
for (const [set, name] of [["train", "train"], ["test", "t10k"]]) {
  for (const [kind, ending] of [["images", "images-idx3-ubyte.gz"], ["labels", "labels-idx1-ubyte.gz"]]) {
    const file = await (await fetch(`${address}data/${set}-${kind}.gz`)).arrayBuffer();
    fs.writeFileSync(`${folder}/idx/${name}-${ending}`, Buffer.from(file));
  }
}
const native = (...flags) => String(execFileSync(lenet, flags, { stdio: ["ignore", "pipe", "ignore"] }));
native("train", ...same, "--epochs", "1", "--out", `${folder}/run`);
await open(small);
await page.setInputFiles("#load", `${folder}/run/last.ckpt.safetensors`);
await says("The checkpoint is loaded");
check("a checkpoint of one epoch continues in the second", (await text("epoch")) === "1");
await page.fill("#set-epochs", "2");
await page.press("#set-epochs", "Tab");
await page.click("#one");
await says("Paused");
await page.click("#train");
await says("All epochs are done");
await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
native("train", "--resume", `${folder}/run`, "--epochs", "2", "--data", `${folder}/idx`, "--device", "cpu");
await save("continued.safetensors");
const errors = (file) => JSON.parse(native("evaluate", file, "--data", `${folder}/idx`, "--device", "cpu", "--json")).test.errors;
const [here, there] = [errors(`${folder}/continued.safetensors`), errors(`${folder}/run/model.safetensors`)];
check(`the page and the command line end alike: ${here} and ${there} errors`, Math.abs(here - there) <= 2);

// The known answers of `lenet doctor`.
await page.goto(`${address}doctor.html`);
await page.waitForFunction(() => /holds|WRONG|failed|no WebGPU/.test(document.querySelector("#status").textContent));
const known = await page.textContent("#status");
check(`the known answers hold in the browser: ${known}`, /Everything holds/.test(known));

// Without WebGPU there is something to see.
const without = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await without.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
await without.route("**/worker.js", async (route) => {
  const body = await (await route.fetch()).text();
  await route.fulfill({ body: `Object.defineProperty(navigator, "gpu", { value: undefined });${body}`, contentType: "text/javascript" });
});
await without.goto(address);
await without.waitForSelector(".layer canvas", { timeout: 30_000 });
check("without WebGPU a recorded run is shown", /recorded/.test(await without.textContent("#status")));
check("and what to do is said", /Chrome/.test(await without.textContent("#fault")));
await without.screenshot({ path: `${folder}/without.png`, fullPage: true });

check(`the console is silent${noise.length ? `: ${noise.slice(0, 3).join("; ")}` : ""}`, noise.length === 0);
await browser.close();
console.log(failures.length ? `${failures.length} checks failed` : "all checks hold");
process.exit(failures.length ? 1 : 0);
