// What moves the pen: mouse, pen and finger by pointer events, and the keyboard.

/** Draw with whatever points; `changed` is called after each movement. */
function drawByPointer(paper, changed) {
  const { canvas } = paper;
  let drawing = null; // the pointer that draws
  const pointOf = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - left) / width) * PAPER,
      y: ((event.clientY - top) / height) * PAPER,
    };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0) return; // a second finger, or another button
    drawing = event.pointerId;
    canvas.setPointerCapture(drawing);
    paper.beginStroke(pointOf(event));
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    // Browsers report a movement once per frame, and on request all that was in between.
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length > 0 ? between : [event]) paper.extendStroke(pointOf(one));
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== drawing) return;
      drawing = null;
      paper.endStroke();
    });
  }
}

const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};
const STEP = PAPER / 28;

/** A pen that the keyboard moves while the drawing area has the focus. */
class KeyboardPen {
  constructor(paper, changed, say) {
    Object.assign(this, { paper, changed, say, x: PAPER / 2, y: PAPER / 4, isDown: false, hasMoved: false });
    const { canvas } = paper;
    this.isShown = false;
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("focus", () => this.show(canvas.matches(":focus-visible")));
    canvas.addEventListener("blur", () => this.show(false));
    canvas.addEventListener("pointerdown", () => this.show(false));
  }

  show(isShown) {
    this.isShown = isShown;
    if (!isShown) {
      this.lift();
      this.hasMoved = false; // that is no news any more
    }
    this.changed();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = DIRECTIONS[event.key];
    if (direction !== undefined) {
      this.move(direction, event.shiftKey ? 4 * STEP : STEP);
    } else if (event.key === " ") {
      if (!event.repeat) this.setDown(!this.isDown);
    } else if (event.key === "Escape" && this.isDown) {
      this.setDown(false);
    } else {
      return;
    }
    event.preventDefault();
    this.show(true);
  }

  move([right, down], distance) {
    const within = (value) => Math.min(Math.max(value, STEP), PAPER - STEP);
    this.x = within(this.x + right * distance);
    this.y = within(this.y + down * distance);
    if (this.isDown) this.paper.extendStroke({ x: this.x, y: this.y });
    this.hasMoved = true;
  }

  /** Where the pen is, once after it was moved; else nothing. */
  news() {
    if (!this.hasMoved) return "";
    this.hasMoved = false;
    const [row, column] = [this.y, this.x].map((distance) => Math.round(distance / STEP));
    return `Pen ${this.isDown ? "down" : "up"}, row ${row}, column ${column} of 28`;
  }

  setDown(isDown) {
    this.isDown = isDown;
    if (isDown) this.paper.beginStroke({ x: this.x, y: this.y });
    else this.paper.endStroke();
    this.say(isDown ? "Pen down" : "Pen up");
  }

  /** Lift the pen without a word. */
  lift() {
    if (this.isDown) this.paper.endStroke();
    this.isDown = false;
  }
}
