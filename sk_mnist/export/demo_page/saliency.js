// The pixels that a prediction depends on, by occlusion, as in sk_mnist/displays/saliency.py: a patch
// of background slides over the picture, and a pixel gets the mean decrease of the log-odds of the
// predicted class over all patches that cover it.

const SIDE = 28;
const PATCH = 3;

// Patches whose networks are computed side by side, so that a weight is read once for all of them.
const BATCH = 8;

// Probabilities are kept above this, as in Python: the resolution of float64.
const EPSILON = Number.EPSILON;

/**
 * Compute a map in steps of about a millisecond, so that a pen need not wait.
 * @param {Network} network
 * @param {ArrayLike<number>} pixels 784 bytes.
 * @param {number} label Position of the class in `classes`.
 * @yields {undefined} After each step.
 * @returns {Float64Array} 784 numbers; positive where a pixel speaks for the class.
 */
function* saliencySteps(network, pixels, label) {
  const first = network.firstOutputs(pixels);
  const whole = logOdds(network, network.logits(first), label);
  const decreases = new Float64Array(SIDE * SIDE); // of the patch whose upper left pixel it is
  const rest = new RestOfNetwork(network);
  let positions = [];
  const finish = () => {
    rest.logits(positions.length).forEach((logits, k) => {
      decreases[positions[k]] = whole - logOdds(network, logits, label);
    });
    positions = [];
  };
  for (let row = 0; row <= SIDE - PATCH; row++) {
    const columns = columnSums(network, pixels, row);
    for (let column = 0; column <= SIDE - PATCH; column++) {
      const covered = columns.slice(column, column + PATCH).filter((sums) => sums !== null);
      if (covered.length === 0) continue; // a patch of blank pixels changes nothing
      rest.setFirst(positions.length, first, covered);
      positions.push(row * SIDE + column);
      if (positions.length === BATCH) {
        finish();
        yield;
      }
    }
  }
  finish();
  return meanOverPatches(decreases);
}

/** A map at once. */
function saliency(network, pixels, label) {
  const steps = saliencySteps(network, pixels, label);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** What the pixels of each column, in the rows of a patch, add to the first layer; null if blank. */
function columnSums(network, pixels, row) {
  const { units, coef } = network.layers[0];
  return Array.from({ length: SIDE }, (_, column) => {
    let sums = null;
    for (let pixel = row * SIDE + column; pixel < (row + PATCH) * SIDE; pixel += SIDE) {
      if (pixels[pixel] === 0) continue;
      sums ??= new Float64Array(units);
      addRow(sums, coef, pixel * units, network.contrast(pixel, pixels[pixel]));
    }
    return sums;
  });
}

/** Give each pixel the mean of the patches that cover it. */
function meanOverPatches(decreases) {
  const map = new Float64Array(SIDE * SIDE);
  const counts = new Float64Array(SIDE * SIDE);
  for (let row = 0; row <= SIDE - PATCH; row++) {
    for (let column = 0; column <= SIDE - PATCH; column++) {
      for (let k = 0; k < PATCH * PATCH; k++) {
        const pixel = (row + Math.floor(k / PATCH)) * SIDE + column + (k % PATCH);
        map[pixel] += decreases[row * SIDE + column];
        counts[pixel] += 1;
      }
    }
  }
  return map.map((total, pixel) => total / counts[pixel]);
}

/** The logarithm of the odds of a class: of its probability to that of all others. */
function logOdds(network, logits, label) {
  const clamped = (p) => Math.max(p, EPSILON);
  if (network.spec.outActivation === "softmax") {
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    let others = 0;
    for (let k = 0; k < logits.length; k++) if (k !== label) others += Math.exp(logits[k] - largest);
    const chosen = Math.exp(logits[label] - largest);
    const total = chosen + others;
    return Math.log(clamped(chosen / total) / clamped(others / total));
  }
  const z = network.isBinary() ? (label === 1 ? logits[0] : -logits[0]) : logits[label];
  return Math.log(clamped(logistic(z)) / clamped(logistic(-z)));
}

/** All layers but the first, for several pictures side by side. */
class RestOfNetwork {
  constructor(network) {
    this.activate = network.activate;
    this.layers = network.layers.slice(1);
    for (const layer of this.layers) layer.transposed ??= transposed(layer);
    // Sums of the units of a layer, those of all pictures beside each other.
    this.first = new Float64Array(BATCH * network.layers[0].units);
  }

  /** Set the sums of the first layer of a picture: those of the whole picture less what is covered. */
  setFirst(picture, whole, covered) {
    for (let i = 0; i < whole.length; i++) {
      let sum = whole[i];
      for (let k = 0; k < covered.length; k++) sum -= covered[k][i];
      this.first[i * BATCH + picture] = sum;
    }
  }

  /** What the last layer sums up for each of the first `n` pictures. */
  logits(n) {
    let sums = this.first;
    for (const layer of this.layers) {
      const hidden = new Float64Array(sums.length);
      const active = new Int32Array(layer.inputs);
      const nActive = this.activateAll(sums, hidden, active);
      sums = new Float64Array(layer.units * BATCH);
      for (let j = 0; j < layer.units; j++) {
        sumUnit(layer, j, hidden, active.subarray(0, nActive), sums);
      }
    }
    const units = sums.length / BATCH;
    return Array.from({ length: n }, (_, picture) =>
      Float64Array.from({ length: units }, (_, j) => sums[j * BATCH + picture]),
    );
  }

  /** Compute hidden outputs; those of the units that are not zero in all pictures move up. */
  activateAll(sums, hidden, active) {
    let nActive = 0;
    for (let i = 0; i < active.length; i++) {
      let isActive = false;
      for (let k = 0; k < BATCH; k++) {
        const value = this.activate(sums[i * BATCH + k]);
        hidden[nActive * BATCH + k] = value;
        isActive ||= value !== 0;
      }
      if (isActive) active[nActive++] = i;
    }
    return nActive;
  }
}

/** Sum up one unit for eight pictures: BATCH, written out, as the sums then stay in registers. */
function sumUnit({ inputs, transposed, intercept }, j, hidden, active, out) {
  let a = intercept[j];
  let [b, c, d, e, f, g, h] = [a, a, a, a, a, a, a];
  for (let i = 0; i < active.length; i++) {
    const weight = transposed[j * inputs + active[i]];
    const at = i * BATCH;
    a += weight * hidden[at];
    b += weight * hidden[at + 1];
    c += weight * hidden[at + 2];
    d += weight * hidden[at + 3];
    e += weight * hidden[at + 4];
    f += weight * hidden[at + 5];
    g += weight * hidden[at + 6];
    h += weight * hidden[at + 7];
  }
  [a, b, c, d, e, f, g, h].forEach((sum, k) => (out[j * BATCH + k] = sum));
}

/** The weights of shape (units, inputs). */
function transposed({ inputs, units, coef }) {
  const out = new Float32Array(coef.length);
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < units; j++) out[j * inputs + i] = coef[i * units + j];
  }
  return out;
}
