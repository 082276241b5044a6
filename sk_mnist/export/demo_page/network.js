// A dense network, which computes what sk_mnist/network/forward.py computes: weights are float32,
// sums and activations are float64.

/** The activations of the hidden layers, by the names of sk_mnist/network/activations.py. */
const ACTIVATIONS = {
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  gelu: (z) => z * normalDistribution(z),
  identity: (z) => z,
  leaky_relu: (z) => (z > 0 ? z : Math.fround(0.2) * z),
  logistic: (z) => logistic(z),
  relu: (z) => (z > 0 ? z : 0),
  selu: (z) => 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * Math.expm1(z)),
  silu: (z) => z * logistic(z),
  tanh: (z) => Math.tanh(z),
};

function logistic(z) {
  return 1 / (1 + Math.exp(-z));
}

/**
 * The distribution function of the standard normal distribution, to a relative error of 1.2e-7:
 * the rational Chebyshev approximation of erfc in "Numerical Recipes", section 6.2.
 */
function normalDistribution(z) {
  const x = Math.abs(z) * Math.SQRT1_2;
  const t = 1 / (1 + 0.5 * x);
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418,
    0.37409196, 1.00002368, -1.26551223,
  ];
  const exponent = coefficients.reduce((sum, coefficient) => sum * t + coefficient, 0);
  const tail = 0.5 * t * Math.exp(exponent - x * x);
  return z > 0 ? 1 - tail : tail;
}

class Network {
  /**
   * @param {object} spec What sk_mnist/export/html_page.py writes as JSON: `layerSizes`,
   *   `activation`, `outActivation`, `multilabel`, `classes`, `weightDtype`, `exponents`, `limit`.
   * @param {string} weights Of each layer the weights, of shape (inputs, units), and the biases;
   *   before them, where inputs are limited, their offsets and widths. Little-endian, as base64.
   */
  constructor(spec, weights) {
    this.spec = spec;
    this.activate = ACTIVATIONS[spec.activation];
    const reader = new WeightReader(weights);
    const nInputs = spec.layerSizes[0];
    if (spec.limit !== null) {
      this.offset = reader.float32(nInputs);
      this.width = reader.float32(nInputs);
    }
    this.layers = spec.exponents.map((exponent, i) => {
      const [inputs, units] = spec.layerSizes.slice(i, i + 2);
      const count = inputs * units;
      const isHalf = spec.weightDtype === "float16";
      const coef = isHalf ? reader.float16(count, exponent) : reader.float32(count);
      return { inputs, units, coef, intercept: reader.float32(units) };
    });
    this.base = this.outputsOfBlank();
  }

  /**
   * The probability of each class: the columns of `predict_proba`.
   * @param {ArrayLike<number>} pixels 784 bytes, row by row, 0 for the background.
   * @returns {number[]}
   */
  probabilities(pixels) {
    const logits = this.logits(this.firstOutputs(pixels));
    if (this.spec.outActivation === "softmax") {
      const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
      const powers = Array.from(logits, (z) => Math.exp(z - largest));
      const total = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / total);
    }
    const p = Array.from(logits, logistic);
    return this.isBinary() ? [logistic(-logits[0]), p[0]] : p;
  }

  /** Whether there are two classes and one output, which is the probability of the second. */
  isBinary() {
    return this.spec.classes.length === 2 && this.layers.at(-1).units === 1;
  }

  /** What a pixel adds to the input of the first layer, compared with one of the background. */
  contrast(pixel, value) {
    if (this.spec.limit === null) return value;
    return this.limited(pixel, value) - this.limited(pixel, 0);
  }

  /** The limit of sk_mnist/network/input_limit.py. */
  limited(pixel, value) {
    return this.spec.limit * Math.tanh((value - this.offset[pixel]) / this.width[pixel]);
  }

  /** What the units of the first layer sum up for a picture without ink, before the activation. */
  outputsOfBlank() {
    const { units, coef, intercept } = this.layers[0];
    const sums = Float64Array.from(intercept);
    if (this.spec.limit === null) return sums;
    for (let pixel = 0; pixel < this.offset.length; pixel++) {
      addRow(sums, coef, pixel * units, this.limited(pixel, 0));
    }
    return sums;
  }

  /** What the units of the first layer sum up. Four of five pixels are blank, and cost nothing. */
  firstOutputs(pixels) {
    const { units, coef } = this.layers[0];
    const sums = Float64Array.from(this.base);
    for (let pixel = 0; pixel < pixels.length; pixel++) {
      if (pixels[pixel] !== 0) {
        addRow(sums, coef, pixel * units, this.contrast(pixel, pixels[pixel]));
      }
    }
    return sums;
  }

  /** From the sums of the first layer to what the last layer sums up. */
  logits(firstOutputs) {
    let sums = firstOutputs;
    for (const { units, coef, intercept } of this.layers.slice(1)) {
      const next = Float64Array.from(intercept);
      for (let i = 0; i < sums.length; i++) {
        const hidden = this.activate(sums[i]);
        if (hidden !== 0) addRow(next, coef, i * units, hidden);
      }
      sums = next;
    }
    return sums;
  }
}

/** Add a row of a matrix, which begins at `start`, `factor` times to sums. */
function addRow(sums, matrix, start, factor) {
  for (let j = 0; j < sums.length; j++) sums[j] += factor * matrix[start + j];
}

/** Reads arrays of numbers one after the other. */
class WeightReader {
  constructor(base64) {
    const binary = atob(base64.trim());
    this.bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) this.bytes[i] = binary.charCodeAt(i);
    this.position = 0;
  }

  float32(count) {
    return new Float32Array(this.next(4 * count));
  }

  /** Numbers of half precision, times a power of two that keeps them in its range. */
  float16(count, exponent) {
    const halves = new Uint16Array(this.next(2 * count));
    const scale = 2 ** exponent;
    return Float32Array.from(halves, (half) => scale * fromHalf(half));
  }

  /** A copy of bytes, as arrays of numbers have to begin at a multiple of their size. */
  next(length) {
    this.position += length;
    return this.bytes.slice(this.position - length, this.position).buffer;
  }
}

/** The number that 16 bits stand for, in the format IEEE 754 binary16. */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
