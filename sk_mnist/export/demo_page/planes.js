// Planes of numbers: pictures of one channel. What sk_mnist/images/resampling.py has, and the filters
// that are SciPy's in Python. Each function returns a new plane, and follows the one of its name.

class Plane {
  /** @param {Float64Array|Uint8Array} [data] Row by row; zeros by default. */
  constructor(height, width, data = new Float64Array(height * width)) {
    this.height = height;
    this.width = width;
    this.data = data;
  }

  get longerSide() {
    return Math.max(this.height, this.width);
  }

  map(change) {
    const out = new Plane(this.height, this.width);
    for (let i = 0; i < out.data.length; i++) out.data[i] = change(this.data[i], i);
    return out;
  }

  transposed() {
    const { height, width, data } = this;
    const out = new Plane(width, height);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        out.data[column * height + row] = data[row * width + column];
      }
    }
    return out;
  }

  /** Add rows and columns of zeros; negative numbers cut them off. */
  padded(top, bottom, left, right) {
    const out = new Plane(this.height + top + bottom, this.width + left + right);
    for (let row = Math.max(0, -top); row < Math.min(this.height, this.height + bottom); row++) {
      for (let column = Math.max(0, -left); column < Math.min(this.width, this.width + right); column++) {
        out.data[(row + top) * out.width + column + left] = this.data[row * this.width + column];
      }
    }
    return out;
  }
}

/** Apply a function of columns to columns, then to rows. */
function inBothDirections(plane, ofColumns) {
  return ofColumns(ofColumns(plane).transposed()).transposed();
}

/** Means of blocks of `factor` x `factor` pixels; those at the right and at the bottom are smaller. */
function blockMean(plane, factor) {
  if (factor === 1) return plane.map((value) => value); // of float64
  const out = new Plane(Math.ceil(plane.height / factor), Math.ceil(plane.width / factor));
  const blockOf = Int32Array.from({ length: plane.width }, (_, column) => Math.floor(column / factor));
  for (let row = 0; row < plane.height; row++) {
    const start = Math.floor(row / factor) * out.width;
    for (let column = 0; column < plane.width; column++) {
      out.data[start + blockOf[column]] += plane.data[row * plane.width + column];
    }
  }
  for (let row = 0; row < out.height; row++) {
    const height = Math.min(factor, plane.height - row * factor);
    for (let column = 0; column < out.width; column++) {
      out.data[row * out.width + column] /= height * Math.min(factor, plane.width - column * factor);
    }
  }
  return out;
}

/** Sums of the rows above each row; one row more than the plane has. */
function cumulatedRows({ height, width, data }) {
  const sums = new Plane(height + 1, width);
  for (let i = 0; i < data.length; i++) sums.data[i + width] = sums.data[i] + data[i];
  return sums.data;
}

/** Means over the areas that new pixels cover. */
function areaResample(plane, height, width) {
  return resampleRows(resampleRows(plane, height).transposed(), width).transposed();
}

function resampleRows(plane, nRows) {
  const { height, width, data } = plane;
  if (height === nRows) return plane;
  const sums = cumulatedRows(plane);
  const integral = (edge, column) => {
    const below = Math.min(Math.floor(edge), height - 1);
    return sums[below * width + column] + (edge - below) * data[below * width + column];
  };
  const out = new Plane(nRows, width);
  for (let row = 0; row < nRows; row++) {
    const [from, to] = [(row * height) / nRows, ((row + 1) * height) / nRows];
    for (let column = 0; column < width; column++) {
      const sum = integral(to, column) - integral(from, column);
      out.data[row * width + column] = sum * (nRows / height);
    }
  }
  return out;
}

/** Interpolate block means bilinearly between the centers of the blocks. */
function enlarge(plane, factor, height, width) {
  if (factor === 1) return plane;
  return interpolateRows(interpolateRows(plane, factor, height).transposed(), factor, width).transposed();
}

function interpolateRows({ height, width, data }, factor, nRows) {
  const out = new Plane(nRows, width);
  for (let row = 0; row < nRows; row++) {
    const position = Math.min(Math.max((row + 0.5) / factor - 0.5, 0), height - 1);
    const above = Math.floor(position);
    const below = Math.min(above + 1, height - 1);
    const fraction = position - above;
    for (let column = 0; column < width; column++) {
      out.data[row * width + column] =
        data[above * width + column] * (1 - fraction) + data[below * width + column] * fraction;
    }
  }
  return out;
}

/** Means over squares of 2 `radius` + 1 pixels, clipped at the border. */
function boxBlur(plane, radius) {
  return inBothDirections(plane, (columns) => {
    const { height, width } = columns;
    const sums = cumulatedRows(columns);
    const out = new Plane(height, width);
    for (let row = 0; row < height; row++) {
      const first = Math.max(row - radius, 0);
      const last = Math.min(row + radius + 1, height);
      for (let column = 0; column < width; column++) {
        const sum = sums[last * width + column] - sums[first * width + column];
        out.data[row * width + column] = sum / (last - first);
      }
    }
    return out;
  });
}

/** The maxima over squares of 2 `radius` + 1 pixels, clipped at the border. */
function maximumOverSquares(plane, radius) {
  return inBothDirections(plane, ({ height, width, data }) => {
    const out = new Plane(height, width);
    for (let row = 0; row < height; row++) {
      const last = Math.min(row + radius, height - 1);
      for (let column = 0; column < width; column++) {
        let largest = -Infinity;
        for (let other = Math.max(row - radius, 0); other <= last; other++) {
          const value = data[other * width + column];
          if (value > largest) largest = value;
        }
        out.data[row * width + column] = largest;
      }
    }
    return out;
  });
}

/** The maxima over the disks around pixels; beyond the border, there are zeros. */
function maximumOverDisks(plane, radius) {
  const { height, width } = plane;
  const reach = Math.floor(radius);
  const padded = plane.padded(reach, reach, reach, reach);
  const disk = []; // positions in the padded plane, from the upper left of a square
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      if (y * y + x * x <= radius * radius) disk.push((y + reach) * padded.width + x + reach);
    }
  }
  const out = new Plane(height, width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const start = row * padded.width + column;
      let largest = -Infinity;
      for (const offset of disk) {
        const value = padded.data[start + offset];
        if (value > largest) largest = value;
      }
      out.data[row * width + column] = largest;
    }
  }
  return out;
}

/** A plane times -1, of which maxima are minima. */
function negative(plane) {
  return plane.map((value) => -value);
}
