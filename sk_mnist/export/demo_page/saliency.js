// The pixels that a prediction depends on, by occlusion, as in sk_mnist/displays/saliency.py: a patch
// of background slides over the picture, and a pixel gets the mean decrease of the log-odds of the
// predicted class over all patches that cover it.

const SIDE = 28;
const PATCH = 3;

// Patches whose networks are computed side by side, so that a weight is read once for all of them.
const BATCH = 4;

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
    const logitsOf = rest.logits();
    positions.forEach((position, picture) => {
      decreases[position] = whole - logOdds(network, logitsOf(picture), label);
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
  constructor({ activate, layers }) {
    this.activate = activate;
    this.layers = layers.slice(1);
    for (const layer of this.layers) layer.transposed ??= transposed(layer);
    // Of each layer what its units sum up, the numbers of all pictures beside each other.
    this.sums = layers.map(({ units }) => new Float64Array(BATCH * units));
    // Of each layer the outputs of the units that are active in any picture, and which these are.
    this.outputs = layers.map(({ units }) => new Float64Array(BATCH * units));
    this.active = layers.map(({ units }) => new Int32Array(units));
  }

  /** Set the sums of the first layer of a picture: those of the whole picture less what is covered. */
  setFirst(picture, whole, covered) {
    const [first] = this.sums;
    const [a, b, c] = covered;
    for (let i = 0; i < whole.length; i++) {
      first[i * BATCH + picture] = whole[i] - a[i] - (b ? b[i] : 0) - (c ? c[i] : 0);
    }
  }

  /** A function from a picture to what the last layer sums up. */
  logits() {
    this.layers.forEach((layer, k) => {
      const nActive = this.activateUnits(this.sums[k], this.outputs[k], this.active[k]);
      const active = this.active[k].subarray(0, nActive);
      for (let unit = 0; unit < layer.units; unit += 2) {
        sumTwoUnits(layer, unit, this.outputs[k], active, this.sums[k + 1]);
      }
    });
    const last = this.sums.at(-1);
    const logits = new Float64Array(last.length / BATCH);
    return (picture) => {
      for (let j = 0; j < logits.length; j++) logits[j] = last[j * BATCH + picture];
      return logits;
    };
  }

  /** Compute outputs and note the active units; return how many there are. */
  activateUnits(sums, outputs, active) {
    let nActive = 0;
    for (let i = 0; i < active.length; i++) {
      let isActive = false;
      for (let picture = 0; picture < BATCH; picture++) {
        const output = this.activate(sums[i * BATCH + picture]);
        outputs[nActive * BATCH + picture] = output;
        isActive ||= output !== 0;
      }
      if (isActive) active[nActive++] = i;
    }
    return nActive;
  }
}

/** Sum up two units for four pictures, written out, so that the eight sums stay in registers. */
function sumTwoUnits({ inputs, units, transposed, intercept }, unit, outputs, active, sums) {
  const other = Math.min(unit + 1, units - 1); // the same one, if there is no other
  const [start, otherStart] = [unit * inputs, other * inputs];
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let e = 0;
  let f = 0;
  let g = 0;
  let h = 0;
  for (let i = 0; i < active.length; i++) {
    const weight = transposed[start + active[i]];
    const otherWeight = transposed[otherStart + active[i]];
    const at = i * BATCH;
    const p = outputs[at];
    const q = outputs[at + 1];
    const r = outputs[at + 2];
    const s = outputs[at + 3];
    a += weight * p;
    b += weight * q;
    c += weight * r;
    d += weight * s;
    e += otherWeight * p;
    f += otherWeight * q;
    g += otherWeight * r;
    h += otherWeight * s;
  }
  const at = unit * BATCH;
  const otherAt = other * BATCH;
  sums[at] = a + intercept[unit];
  sums[at + 1] = b + intercept[unit];
  sums[at + 2] = c + intercept[unit];
  sums[at + 3] = d + intercept[unit];
  sums[otherAt] = e + intercept[other];
  sums[otherAt + 1] = f + intercept[other];
  sums[otherAt + 2] = g + intercept[other];
  sums[otherAt + 3] = h + intercept[other];
}

/** The weights of shape (units, inputs). */
function transposed({ inputs, units, coef }) {
  const out = new Float32Array(coef.length);
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < units; j++) out[j * inputs + i] = coef[i * units + j];
  }
  return out;
}
