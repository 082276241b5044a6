// The paper: strokes of a pen or a photo, with a history, and how they are shown. It is PAPER units
// wide and high, whatever its size on the screen.

const PAPER = 280;
// The network is given it in this size, five times that of a digit.
const SHEET = 140;
const PEN_WIDTH = 20;
// So many steps can be undone.
const HISTORY = 50;
const BLANK = Object.freeze({ strokes: [], photo: null });

class Paper {
  constructor(canvas) {
    this.canvas = canvas;
    this.states = [BLANK];
    this.stroke = null; // the one that is being drawn
    this.nActions = 0; // what the user has begun; a photo that is late for the last one is not shown
    // What the network is given: dark ink on white, in a size and color that no screen changes.
    this.sheet = document.createElement("canvas");
    this.sheet.width = this.sheet.height = SHEET;
    this.sheetContext = this.sheet.getContext("2d", { willReadFrequently: true });
    this.sheetContext.scale(SHEET / PAPER, SHEET / PAPER);
  }

  get state() {
    return this.states.at(-1);
  }

  get isBlank() {
    return this.state.strokes.length === 0 && this.state.photo === null;
  }

  get canUndo() {
    return this.states.length > 1;
  }

  /** Begin a stroke at a point; a photo makes way for it. */
  beginStroke(point) {
    this.stroke = [point];
    this.nActions += 1;
    this.push({ strokes: [...this.state.strokes, this.stroke], photo: null });
  }

  /** Go on with the stroke, unless it was ended or undone meanwhile. */
  extendStroke(point) {
    this.stroke?.push(point);
  }

  endStroke() {
    this.stroke = null;
  }

  showPhoto(photo) {
    this.endStroke();
    this.push({ strokes: [], photo });
  }

  clear() {
    this.endStroke();
    this.nActions += 1;
    if (!this.isBlank) this.push(BLANK);
  }

  undo() {
    this.endStroke();
    this.nActions += 1;
    if (this.canUndo) this.states.pop();
  }

  push(state) {
    this.states.push(state);
    if (this.states.length > HISTORY + 1) this.states.shift();
  }

  /** The drawing as the network is given it, as ImageData of SHEET x SHEET pixels. */
  image() {
    const context = this.sheetContext;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, PAPER, PAPER);
    drawStrokes(context, this.state.strokes, "#000");
    return context.getImageData(0, 0, SHEET, SHEET);
  }

  /** Show everything on the screen; `pen` is the position of the pen that the keyboard moves. */
  show(pen) {
    const { canvas } = this;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const colors = getComputedStyle(canvas);
    context.setTransform(side / PAPER, 0, 0, side / PAPER, 0, 0);
    context.clearRect(0, 0, PAPER, PAPER);
    if (this.state.photo !== null) drawPhoto(context, this.state.photo, colors);
    drawStrokes(context, this.state.strokes, colors.getPropertyValue("--ink"));
    if (pen !== null) drawPen(context, pen, colors.getPropertyValue("--accent"));
  }
}

/** Draw strokes as smooth curves through the middles between their points. */
function drawStrokes(context, strokes, color) {
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = PEN_WIDTH;
  context.lineCap = context.lineJoin = "round";
  for (const points of strokes) {
    const [first, ...others] = points;
    context.beginPath();
    if (others.every((point) => point.x === first.x && point.y === first.y)) {
      context.arc(first.x, first.y, PEN_WIDTH / 2, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    context.moveTo(first.x, first.y);
    points.slice(1, -1).forEach((point, i) => {
      const next = points[i + 2];
      context.quadraticCurveTo(point.x, point.y, (point.x + next.x) / 2, (point.y + next.y) / 2);
    });
    context.lineTo(points.at(-1).x, points.at(-1).y);
    context.stroke();
  }
}

/** Draw a photo as large as it fits, and a frame around the digit that was found. */
function drawPhoto(context, { view, viewUnit, box }, colors) {
  const zoom = PAPER / Math.max(view.width, view.height);
  const [left, top] = [view.width, view.height].map((side) => (PAPER - side * zoom) / 2);
  context.imageSmoothingQuality = "high";
  context.drawImage(view, left, top, view.width * zoom, view.height * zoom);
  const unit = viewUnit * zoom;
  const margin = 4;
  context.strokeStyle = colors.getPropertyValue("--accent");
  context.lineWidth = 2;
  context.strokeRect(
    left + box.left * unit - margin,
    top + box.top * unit - margin,
    (box.right - box.left) * unit + 2 * margin,
    (box.bottom - box.top) * unit + 2 * margin,
  );
}

/** Mark the pen that the keyboard moves: a ring, filled while it is on the paper. */
function drawPen(context, { x, y, isDown }, color) {
  context.beginPath();
  context.arc(x, y, PEN_WIDTH / 2 + 3, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.strokeStyle = context.fillStyle = color;
  context.stroke();
  if (isDown) {
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fill();
  }
}
