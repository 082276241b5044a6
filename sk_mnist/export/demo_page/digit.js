// A digit like those of MNIST: strokes of suitable width in 20 x 20 pixels, centered in 28 x 28, as in
// sk_mnist/images/strokes.py and placement.py.

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
  const longer = ink.longerSide;
  const width = Math.min(strokeWidth(ink), longer / 2);
  const natural = (80 * width) / longer;
  const wanted = Math.min(Math.max(natural, 4 * 1.6), 4 * 4.0);
  let fine = scaledDigit(ink, width, wanted);
  if (wanted < natural && !fine.data.some((value) => value >= 0.5)) {
    fine = scaledDigit(ink, width, natural);
  }
  const [rows, columns] = [fine.height, fine.width].map((side) => Math.ceil(side / 4) * 4 - side);
  const [above, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return blockMean(fine.padded(above, rows - above, left, columns - left), 4);
}

/** Scale a digit to about 80 pixels, so that strokes get the wanted width. */
function scaledDigit(ink, width, wanted) {
  const factor = (80 - wanted) / (ink.longerSide - width);
  const scaled = (side) => Math.max(1, Math.floor(side * factor + 0.5));
  let fine = areaResample(ink, scaled(ink.height), scaled(ink.width));
  if (factor >= 6) fine = boxBlur(fine, Math.floor((factor - 4) / 2));
  return grow(fine, (wanted - factor * width) / 2);
}

/** Let strokes grow, or shrink if the radius is negative. */
function grow(ink, radius) {
  const reach = Math.floor(Math.abs(radius));
  if (reach === 0) return ink;
  if (radius > 0) return maximumOverDisks(ink.padded(reach, reach, reach, reach), radius);
  const shrunk = negative(maximumOverDisks(negative(ink), -radius));
  return shrunk.padded(-reach, -reach, -reach, -reach);
}

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
  const start = Math.floor(14 - moment / total + 0.5 + 1e-6);
  return Math.min(Math.max(start, 0), 28 - height);
}
