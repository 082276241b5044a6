// From a picture to a digit as in MNIST: what `prepare_digit` of sk_mnist/images/prepare.py does, step
// by step, by the same functions and constants, which the Python files explain. Here are those of
// prepare.py, gray.py, background.py and ink.py.

/** A picture in which there is no digit; the message goes on from its name. */
class PictureError extends Error {}

/**
 * Find the digit in a picture.
 * @param {ImageData} image
 * @param {"auto"|"dark"|"light"} polarity Whether the ink is darker or lighter than the paper.
 * @returns {{pixels: Uint8Array, box: object, scale: number, lightOnDark: boolean}} 784 bytes; where
 *   the digit is, in pixels of a picture that is smaller by the factor `scale`.
 * @throws {PictureError}
 */
function prepareDigit(image, polarity = "auto") {
  const whole = grayOf(image);
  const scale = Math.ceil(whole.longerSide / 512);
  const gray = blockMean(whole, scale);
  const lightOnDark = polarity === "auto" ? isLightOnDark(gray) : polarity === "light";
  const darkOnLight = lightOnDark ? gray.map((level) => 255 - level) : gray;
  const ink = findInk(darknessOf(darkOnLight, estimateBackground(darkOnLight)));
  if (ink === null) {
    throw new PictureError("has no ink that differs enough from the background");
  }
  const mask = selectDigit(ink);
  if (!mask.includes(1)) throw new PictureError("has nothing but lines");
  // Other ink, such as a dark table, may be darker than that of the digit.
  const full = median(ink.amount.data.filter((_, i) => mask[i] === 1));
  const digit = withEdges(mask, gray.height, gray.width);
  const amount = ink.amount.map((value, i) => (digit[i] === 1 ? Math.min(value / full, 1) : 0));
  const box = boundingBox(amount, (value) => value >= 0.04);
  if (longerSide(box) < 5) throw new PictureError("has nothing but specks");
  return { pixels: place(fitDigit(cropped(amount, box))), box, scale, lightOnDark };
}

// gray.py

/** Levels of gray, flattened onto paper where the picture is transparent. */
function grayOf({ width, height, data }) {
  // Bytes, because photos are large.
  const gray = new Plane(height, width, new Uint8Array(height * width));
  let isOpaque = true;
  for (let i = 0; i < gray.data.length; i++) {
    const at = 4 * i;
    gray.data[i] = (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 32768) >> 16;
    isOpaque &&= data[at + 3] === 255;
  }
  return isOpaque ? gray : flatten(gray, data);
}

function flatten(gray, rgba) {
  const counts = new Int32Array(256);
  let [nOpaque, sum, weighted] = [0, 0, 0];
  gray.data.forEach((level, i) => {
    const opacity = rgba[4 * i + 3];
    if (opacity >= 128) {
      counts[level] += 1;
      nOpaque += 1;
    }
    sum += opacity;
    weighted += level * opacity;
  });
  if (sum === 0) throw new PictureError("is transparent everywhere");
  const isMostlyOpaque = 2 * nOpaque >= gray.data.length;
  const paper = isMostlyOpaque ? quantile(counts, 0.5) : weighted >= 128 * sum ? 0 : 255;
  return gray.map((level, i) => {
    const opacity = rgba[4 * i + 3];
    return (level * opacity + paper * (255 - opacity)) / 255;
  });
}

// background.py

function isLightOnDark(gray) {
  const { plane } = coarse(gray, 128);
  const mean = boxBlur(plane, windowRadius(plane));
  const differences = plane.map((level, i) => level - mean.data[i]).data;
  const moment = (power) => differences.reduce((sum, d) => sum + d ** power, 0) / differences.length;
  const variance = moment(2);
  const skewness = variance > 1e-12 ? moment(3) / variance ** 1.5 : 0;
  if (Math.abs(skewness) >= 0.6) return skewness > 0;
  const lowest = plane.data.reduce((a, b) => Math.min(a, b));
  const highest = plane.data.reduce((a, b) => Math.max(a, b));
  return median(borderOf(plane)) < (lowest + highest) / 2;
}

/** The pixels at the border of a plane. */
function borderOf({ height, width, data }) {
  return data.filter((_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return row === 0 || row === height - 1 || column === 0 || column === width - 1;
  });
}

/** A closing, of what is left when the most frequent gradient is subtracted. */
function estimateBackground(gray) {
  const { plane, factor } = coarse(gray, 64);
  const { height, width, data } = plane;
  const radius = windowRadius(plane);
  const [down, right] = [gradientOf(plane), gradientOf(plane.transposed())];
  const gradient = new Plane(height, width);
  for (let i = 0; i < data.length; i++) {
    gradient.data[i] = Math.floor(i / width) * down + (i % width) * right;
  }
  const largest = maximumOverSquares(plane.map((level, i) => level - gradient.data[i]), radius);
  const closed = negative(maximumOverSquares(negative(largest), radius));
  const background = closed.map((level, i) => level + gradient.data[i]);
  return enlarge(background, factor, gray.height, gray.width);
}

/** How much levels typically increase from row to row. */
function gradientOf({ height, width, data }) {
  const step = Math.ceil(height / 8);
  if (height <= step) return 0;
  const differences = data.subarray(step * width).map((level, i) => level - data[i]);
  return median(differences) / step;
}

function darknessOf(gray, background) {
  return gray.map((level, i) => {
    const paper = background.data[i];
    return (255 * (paper - level)) / Math.max(paper, 64);
  });
}

function coarse(gray, longest) {
  const factor = Math.ceil(gray.longerSide / longest);
  return { plane: blockMean(gray, factor), factor };
}

function windowRadius(plane) {
  return Math.ceil(plane.longerSide / 6);
}

/** The median; of an even number of values, the mean of the two in the middle. */
function median(values) {
  const sorted = values.slice().sort();
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

// ink.py

/** The amount of ink from 0 to 1, and the mask of ink; null if there is hardly any contrast. */
function findInk(darkness) {
  const { data } = darkness;
  const levels = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) levels[i] = Math.floor(data[i] + 0.5);
  const counts = histogram(levels);
  const darkest = quantile(counts, 1 - 0.002);
  const lightest = quantile(counts, 0.002);
  const light = counts.map((count, level) => (2 * level <= lightest + darkest ? count : 0));
  const paper = quantile(light, 0.5);
  const noise = 1.4826 * quantile(foldedAt(light, paper), 0.5);
  if (darkest - paper < Math.max(10, 5 * noise)) return null;
  const threshold = paper + 0.4 * (darkest - paper);
  const mask = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) mask[i] = data[i] >= threshold ? 1 : 0;
  const full = quantile(histogram(levels, mask), 0.5);
  const amountOf = (value) => Math.min(Math.max((value - paper) / (full - paper), 0), 1);
  return { amount: darkness.map(amountOf), mask };
}

/** How many pixels have each level; of those in a mask, if there is one. */
function histogram(levels, mask = null) {
  const counts = new Int32Array(256);
  for (let i = 0; i < levels.length; i++) {
    if (mask === null || mask[i] === 1) counts[levels[i]] += 1;
  }
  return counts;
}

/** How many pixels have each distance from a level. */
function foldedAt(counts, level) {
  const folded = new Int32Array(256);
  counts.forEach((count, other) => (folded[Math.abs(other - level)] += count));
  return folded;
}

/** The lowest level that at least a share of the pixels does not exceed. */
function quantile(counts, share) {
  const wanted = Math.ceil(share * counts.reduce((a, b) => a + b, 0));
  let sum = 0;
  return counts.findIndex((count) => (sum += count) >= wanted);
}
