// The page: from the pen to the bars, and whatever else happens on it.

// What is read is announced to screen readers when the pen has rested for so many milliseconds.
const PAUSE = 700;
// The map of pixels is computed in slices of so many milliseconds, so that the pen never waits.
const SLICE = 6;

const spec = JSON.parse(element("network").textContent);
const network = new Network(spec, element("weights").textContent);
const answer = new Answer(spec);
const paper = new Paper(element("pad"));
const pen = new KeyboardPen(paper, change, say);
const timings = [];

let isScheduled = false; // whether `update` will run before the next frame
let latest = null; // what was read last: pixels, label and timing; null if there is nothing
let waiting = null; // what is to be explained next
let isExplaining = false;
let pause = 0;

/** Have the page follow the paper before the next frame is shown. */
function change() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(update);
}

function update() {
  isScheduled = false;
  paper.show(pen.isShown ? pen : null);
  element("prompt").hidden = !paper.isBlank;
  element("undo").setAttribute("aria-disabled", String(!paper.canUndo));
  element("clear").setAttribute("aria-disabled", String(paper.isBlank));
  latest = read();
  waiting = latest;
  if (!isExplaining) explain();
  clearTimeout(pause);
  pause = setTimeout(announce, PAUSE);
}

/** From the paper to the bars. */
function read() {
  const start = performance.now();
  const pixels = preparedPixels();
  if (pixels === null) return null;
  const prepared = performance.now();
  const probabilities = network.probabilities(pixels);
  const predicted = performance.now();
  answer.show(probabilities);
  answer.showPixels(pixels);
  const shown = performance.now();
  const timing = {
    prepare: prepared - start,
    predict: predicted - prepared,
    show: shown - predicted,
    saliency: NaN, // until it is known
  };
  timings.push(timing);
  if (timings.length > 1000) timings.shift();
  return { pixels, label: probabilities.indexOf(Math.max(...probabilities)), timing };
}

/** What the network is to see; null if there is nothing to read, which the page then says. */
function preparedPixels() {
  const { photo } = paper.state;
  if (photo !== null) return photo.pixels;
  try {
    if (!paper.isBlank) return prepareDigit(paper.image(), "dark").pixels;
    answer.showNothing("Nothing to read yet");
  } catch (error) {
    answer.showNothing(error instanceof PictureError ? "Too small to read" : "Cannot be read here");
    if (!(error instanceof PictureError)) reportError(error);
  }
  return null;
}

/** Show which pixels decided, of the latest picture whenever the one before is done. */
async function explain() {
  isExplaining = true;
  try {
    while (waiting !== null) {
      const { pixels, label, timing } = waiting;
      waiting = null;
      const map = await inSlices(saliencySteps(network, pixels, label), timing);
      if (latest !== null) answer.showSaliency(pixels, map, spec.classes[label]);
    }
  } finally {
    isExplaining = false;
  }
}

async function inSlices(steps, timing) {
  let step = { done: false };
  let spent = 0;
  while (!step.done) {
    await nextTask();
    const start = performance.now();
    do step = steps.next();
    while (!step.done && performance.now() - start < SLICE);
    spent += performance.now() - start;
  }
  timing.saliency = spent;
  return step.value;
}

/** Let the browser handle events and show a frame; unlike a timer, without a least delay. */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Say where the pen was moved and, unless it did not draw, what is read. */
function announce() {
  const news = pen.news();
  if (news === "") say(answer.text);
  else say(pen.isDown ? `${news}. ${answer.text}` : news);
}

/** Say something to screen readers. */
function say(text) {
  element("announcement").textContent = text;
}

function undo() {
  pen.lift();
  paper.undo();
  element("message").textContent = "";
  change();
}

function clear() {
  pen.lift();
  paper.clear();
  element("message").textContent = "";
  change();
}

/** Put a photo on the paper, or say why it cannot be read, unless the user does something meanwhile. */
async function usePhoto(file) {
  const action = ++paper.nActions;
  element("message").textContent = "";
  try {
    const photo = await readPhoto(file);
    if (action !== paper.nActions) return;
    pen.lift();
    paper.showPhoto(photo);
    change();
  } catch (error) {
    if (action !== paper.nActions) return;
    const isForeseen = error instanceof PictureError;
    const reason = isForeseen ? error.message : "cannot be read by this browser";
    element("message").textContent = `${file.name || "The picture"} ${reason}.`;
    if (!isForeseen) reportError(error);
  }
}

drawByPointer(paper, () => {
  element("message").textContent = "";
  change();
});
element("undo").addEventListener("click", undo);
element("clear").addEventListener("click", clear);

document.addEventListener("keydown", (event) => {
  const onPaper = event.target === paper.canvas;
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
  if (isUndo || (onPaper && event.key === "Backspace")) undo();
  else if (onPaper && event.key === "Delete") clear();
  else return;
  event.preventDefault();
});

element("file").addEventListener("change", ({ target }) => {
  if (target.files.length > 0) usePhoto(target.files[0]);
  target.value = ""; // so that the same file can be chosen again
});
document.addEventListener("paste", (event) => {
  const file = fileOf(event.clipboardData);
  if (file !== null) usePhoto(file);
  else element("message").textContent = "There is no picture in the clipboard.";
});
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault(); // the browser would leave the page for the file
    document.body.classList.toggle("dragging", type === "dragenter" || type === "dragover");
  });
}
document.addEventListener("drop", (event) => {
  const file = fileOf(event.dataTransfer);
  if (file !== null) usePhoto(file);
  else element("message").textContent = "That is not a file. Save the picture first.";
});

new ResizeObserver(change).observe(paper.canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change);

/**
 * For scripts and for the curious, in the browser's console:
 * `skMnist.probabilities(pixels)` predicts from 784 bytes as `predict_proba` does,
 * `skMnist.saliency(pixels, label)` is the map of `SaliencyDisplay`,
 * `skMnist.prepare(imageData, polarity)` is `prepare_digit`, `skMnist.readPhoto(blob)` is it of a file,
 * `skMnist.drawing()` is what the network is given of a drawing, `skMnist.latest()` what it was given
 * last, and `skMnist.timings` has the milliseconds that the last updates have taken.
 */
window.skMnist = {
  classes: spec.classes,
  probabilities: (pixels) => network.probabilities(pixels),
  saliency: (pixels, label) => saliency(network, pixels, label),
  prepare: prepareDigit,
  readPhoto,
  drawing: () => paper.image(),
  latest: () => latest,
  timings,
};
