// Which ink is the digit: connected components, as in sk_mnist/images/components.py.

/** The mask of the components that are the digit; it is blank if there is nothing but lines. */
function selectDigit({ amount, mask }) {
  const { labels, components } = connectedComponents(mask, amount);
  const order = candidates(labels, components, amount);
  order.sort((a, b) => b.weight - a.weight);
  const isKept = new Uint8Array(components.length + 1);
  let box = order[0];
  for (const component of order) {
    if (component.weight < 0.02 * order[0].weight) break;
    if (gap(component, box) <= 0.2 * longerSide(box)) {
      isKept[component.label] = 1;
      box = union(box, component);
    }
  }
  const digit = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) digit[i] = isKept[labels[i]];
  return digit;
}

/** The components that may be a digit: neither lines, nor grids, nor edges, such as those of a table. */
function candidates(labels, components, { height, width, longerSide: longest }) {
  const { covered, crossings } = bordersOf(labels, components.length, height, width);
  const possible = [];
  const doubtful = [];
  for (const component of components) {
    const [rows, columns] = [component.bottom - component.top, component.right - component.left];
    const isRow = columns === width && rows <= 0.1 * width;
    const isColumn = rows === height && columns <= 0.1 * height;
    if (isRow || crossings[component.label] >= 8) continue;
    (isColumn || covered[component.label] >= 0.9 ? doubtful : possible).push(component);
  }
  if (possible.some((component) => longerSide(component) >= 0.1 * longest)) return possible;
  return [...possible, ...doubtful].sort((a, b) => a.label - b.label);
}

/** Which share of a side of the picture each component covers, and at how many places it cuts one. */
function bordersOf(labels, nComponents, height, width) {
  const covered = new Float64Array(nComponents + 1);
  const crossings = new Int32Array(nComponents + 1);
  const sides = [
    [0, 1, width],
    [(height - 1) * width, 1, width],
    [0, width, height],
    [width - 1, width, height],
  ];
  for (const [start, step, length] of sides) {
    const counts = new Int32Array(nComponents + 1);
    let before = 0;
    for (let k = 0; k < length; k++) {
      const label = labels[start + k * step];
      counts[label] += 1;
      if (label !== before) crossings[label] += 1;
      before = label;
    }
    counts.forEach((count, label) => (covered[label] = Math.max(covered[label], count / length)));
  }
  return { covered, crossings };
}

/** Components by sides and corners: their boxes, and the sums of their ink. */
function connectedComponents(mask, { height, width, data }) {
  const labels = new Int32Array(mask.length);
  const found = new Int32Array(mask.length); // pixels whose neighbors are still to be visited
  const components = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || labels[start] !== 0) continue;
    const label = components.length + 1;
    const component = { label, weight: 0, top: height, bottom: 0, left: width, right: 0 };
    labels[start] = label;
    found[0] = start;
    for (let nFound = 1; nFound > 0; ) {
      const pixel = found[--nFound];
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      extend(component, row, column);
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
    components.push(component);
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
