// From a picture to a digit as in MNIST: what `prepare_digit` of sk_mnist/images/prepare.py does, step
// by step, by the same functions and constants. The Python files explain them.

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
  const digit = withEdges(selectDigit(ink), gray.height, gray.width);
  const amount = ink.amount.map((value, i) => (digit[i] === 1 ? value : 0));
  const box = boundingBox(amount, (value) => value >= 0.04);
  if (longerSide(box) < 5) throw new PictureError("has nothing but specks");
  return { pixels: place(fitDigit(cropped(amount, box))), box, scale, lightOnDark };
}

// gray.py

/** Levels of gray, flattened onto paper where the picture is transparent. */
function grayOf({ width, height, data }) {
  const gray = new Plane(height, width);
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
  return plane.data.reduce((sum, level, i) => sum + (level - mean.data[i]) ** 3, 0) > 0;
}

function estimateBackground(gray) {
  const { plane, factor } = coarse(gray, 64);
  const radius = windowRadius(plane);
  const largest = maximumOverSquares(plane, radius);
  const closed = negative(maximumOverSquares(negative(largest), radius));
  return enlarge(closed, factor, gray.height, gray.width);
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

// ink.py

/** The amount of ink from 0 to 1, and the mask of ink; null if there is hardly any contrast. */
function findInk(darkness) {
  const { data } = darkness;
  const levels = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) levels[i] = Math.floor(data[i] + 0.5);
  const counts = histogram(levels);
  const paper = quantile(counts, 0.5);
  const darkest = quantile(counts, 1 - 0.002);
  const noise = 1.4826 * quantile(foldedAt(counts, paper), 0.5);
  if (darkest - paper < Math.max(10, 6 * noise)) return null;
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

// components.py

/** The mask of the components that are the digit. */
function selectDigit({ amount, mask }) {
  const { labels, components } = connectedComponents(mask, amount);
  const order = [...components].sort((a, b) => b.weight - a.weight);
  const isInside = (part) => !part.atBorder && part.weight >= 0.1 * order[0].weight;
  const first = order.find(isInside) ?? order[0];
  const isKept = new Uint8Array(components.length + 1);
  isKept[first.label] = 1;
  let box = first;
  for (const part of order) {
    if (part.weight < 0.02 * first.weight) break;
    const isTooLong = longerSide(part) > 2 * longerSide(first);
    if (part === first || (part.atBorder && isTooLong)) continue;
    if (gap(part, box) <= 0.2 * longerSide(box)) {
      isKept[part.label] = 1;
      box = union(box, part);
    }
  }
  const digit = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) digit[i] = isKept[labels[i]];
  return digit;
}

/** Components by sides and corners: their boxes, and the sums of their ink. */
function connectedComponents(mask, { height, width, data }) {
  const labels = new Int32Array(mask.length);
  const found = new Int32Array(mask.length); // pixels whose neighbors are still to be visited
  const components = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || labels[start] !== 0) continue;
    const label = components.length + 1;
    const part = { label, weight: 0, top: height, bottom: 0, left: width, right: 0 };
    labels[start] = label;
    found[0] = start;
    for (let nFound = 1; nFound > 0; ) {
      const pixel = found[--nFound];
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      extend(part, row, column);
      const [lastRow, lastColumn] = [Math.min(row + 1, height - 1), Math.min(column + 1, width - 1)];
      for (let y = Math.max(row - 1, 0); y <= lastRow; y++) {
        for (let x = Math.max(column - 1, 0); x <= lastColumn; x++) {
          const other = y * width + x;
          if (mask[other] === 0 || labels[other] !== 0) continue;
          labels[other] = label;
          found[nFound++] = other;
        }
      }
    }
    part.atBorder =
      part.top === 0 || part.left === 0 || part.bottom === height || part.right === width;
    components.push(part);
  }
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0) components[labels[i] - 1].weight += data[i];
  }
  return { labels, components };
}

/** Add the pixels next to a mask. */
function withEdges(mask, height, width) {
  const out = new Uint8Array(mask.length);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) continue;
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    const [left, right] = [Math.max(column - 1, 0), Math.min(column + 1, width - 1)];
    for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
      out.fill(1, y * width + left, y * width + right + 1);
    }
  }
  return out;
}

function boundingBox({ height, width, data }, isInside) {
  const box = { top: height, bottom: 0, left: width, right: 0 };
  for (let i = 0; i < data.length; i++) {
    if (isInside(data[i])) extend(box, Math.floor(i / width), i % width);
  }
  return box;
}

function extend(box, row, column) {
  box.top = Math.min(box.top, row);
  box.bottom = Math.max(box.bottom, row + 1);
  box.left = Math.min(box.left, column);
  box.right = Math.max(box.right, column + 1);
}

function longerSide(box) {
  return Math.max(box.bottom - box.top, box.right - box.left);
}

function gap(a, b) {
  const rows = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
  const columns = Math.max(a.left, b.left) - Math.min(a.right, b.right);
  return Math.max(rows, columns, 0);
}

function union(a, b) {
  return {
    top: Math.min(a.top, b.top),
    bottom: Math.max(a.bottom, b.bottom),
    left: Math.min(a.left, b.left),
    right: Math.max(a.right, b.right),
  };
}

function cropped(plane, { top, bottom, left, right }) {
  return plane.padded(-top, bottom - plane.height, -left, right - plane.width);
}

// strokes.py

/** The mean width of strokes: twice their area, divided by their perimeter. */
function strokeWidth(ink) {
  const { height, width, data } = ink.padded(1, 1, 1, 1).map((value) => value >= 0.5);
  let nSides = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      if (row > 0 && data[i] !== data[i - width]) nSides += 1;
      if (column > 0 && data[i] !== data[i - 1]) nSides += 1;
    }
  }
  const area = ink.data.reduce((a, b) => a + b, 0);
  return (2 * area) / ((nSides * Math.PI) / 4);
}

/** Scale a digit to 20 x 20 pixels, with strokes as wide as MNIST's. */
function fitDigit(ink) {
  const [width, longer] = [strokeWidth(ink), ink.longerSide];
  const natural = (80 * width) / longer;
  const wanted = Math.min(Math.max(natural, 4 * 1.6), 4 * 4.0);
  let [factor, growth] = [80 / longer, 0];
  if (wanted !== natural) {
    factor = (80 - wanted) / (longer - width);
    growth = (wanted - factor * width) / 2;
  }
  const scaled = (side) => Math.max(1, Math.floor(side * factor + 0.5));
  let fine = areaResample(ink, scaled(ink.height), scaled(ink.width));
  if (factor >= 6) fine = boxBlur(fine, Math.floor((factor - 4) / 2));
  fine = grown(fine, growth);
  const [rows, columns] = [fine.height, fine.width].map((side) => Math.ceil(side / 4) * 4 - side);
  const [above, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return blockMean(fine.padded(above, rows - above, left, columns - left), 4);
}

/** The maximum over disks of a radius, or the minimum if it is negative. */
function grown(ink, growth) {
  const reach = Math.floor(Math.abs(growth));
  if (reach === 0) return ink;
  if (growth < 0) return negative(maximumOverDisks(negative(ink), -growth));
  return maximumOverDisks(ink.padded(reach, reach, reach, reach), growth);
}

// placement.py

/** Place a digit in 28 x 28 pixels, by its center of mass. */
function place(digit) {
  const top = placeStart(digit);
  const left = placeStart(digit.transposed());
  const field = digit.padded(top, 28 - digit.height - top, left, 28 - digit.width - left);
  return Uint8Array.from(field.data, (value) => Math.floor(255 * value + 0.5));
}

/** Where the first row goes. */
function placeStart({ height, width, data }) {
  const moment = data.reduce((sum, value, i) => sum + value * Math.floor(i / width), 0);
  const total = data.reduce((a, b) => a + b, 0);
  const start = Math.floor(14 - moment / total + 0.5);
  return Math.min(Math.max(start, 0), 28 - height);
}
