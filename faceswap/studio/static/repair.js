"use strict";
// The page of repairs: the points of faces on a frame, moved by hand or by keys, saved, carried along and undone.

const PARTS = [["jaw", 0, 17], ["right brow", 17, 22], ["left brow", 22, 27], ["nose", 27, 36], ["right eye", 36, 42],
  ["left eye", 42, 48], ["mouth", 48, 60], ["lips' inside", 60, 68]];
const CLOSED = new Set(["right eye", "left eye", "mouth", "lips' inside"]);
const SVG = "http://www.w3.org/2000/svg";
const desk = byId("repair");

class Desk {
  constructor() {
    this.base = `/faces/${desk.dataset.name}`;
    this.source = desk.dataset.source;
    this.drawing = byId("drawing");
    this.full = [0, 0, Number(this.drawing.dataset.width), Number(this.drawing.dataset.height)];
    this.chosen = 30;
    this.faces = [];
    this.load();
  }

  get frame() { return Number(byId("frame").value); }
  get face() { return this.faces[this.at]; }
  get mode() { return document.querySelector("input[name=mode]:checked").value; }

  // ---- what the studio says -------------------------------------------------------------------------------------
  async ask(path, values) {
    const body = values && new URLSearchParams({ source: this.source, frame: this.frame, ...values });
    const answer = await fetch(`${this.base}/${path}`, {
      method: values ? "POST" : "GET", body, headers: { "HX-Request": "true", "X-CSRF": document.body.dataset.csrf },
    }).catch(() => null);
    if (!answer) { tell("the studio does not answer"); return null; }
    if (answer.ok) { byId("message").replaceChildren(); return answer.json(); }
    tell(new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim());
    return null;
  }

  async load() {
    const frame = this.frame;
    const place = `source=${this.source}&frame=${frame}`;
    byId("shown").setAttribute("href", `${this.base}/frame.jpg?${place}`);
    const told = await this.ask(`points?${place}`);
    if (told && frame === this.frame) this.take(told);
    desk.dataset.loaded = frame;
  }

  take(told) {
    const track = this.face?.track;
    this.faces = told.faces.map((face) => ({ ...face, points: face.points.map((point) => [...point]), saved: face.points }));
    this.at = Math.max(0, this.faces.findIndex((face) => face.track === track));
    byId("count").textContent = told.repairs ? `(${told.repairs})` : "";
    byId("undo").disabled = !told.repairs;
    const whose = byId("track").value;
    const here = new Set(this.faces.map((face) => face.track));
    byId("track").replaceChildren(...told.tracks.filter((one) => !here.has(one.track)).map((one) => new Option(`track ${one.track}: frames ${one.first} to ${one.last}`, one.track)), new Option("somebody new", ""));
    if ([...byId("track").options].some((option) => option.value === whose)) byId("track").value = whose;
    this.told = told;
    this.list();
    this.marks(told.repaired);
    if (told.told) this.say(told.told);
  }

  list() {
    byId("face").replaceChildren(...this.faces.map((face, place) => new Option(`${face.file ? `track ${face.track}` : "new face"}${face.is_by_hand ? ", set by hand" : ""}${face.is_taken_out ? ", taken out" : ""}`, place)));
    byId("face").value = this.at;
    const one = this.told?.tracks.find((span) => span.track === this.face?.track);
    if (one) { byId("first").value = one.first; byId("last").value = one.last; }
    this.draw();
  }

  marks(frames) {
    const last = Math.max(1, Number(byId("frame").max));
    byId("repaired").replaceChildren(...frames.slice(0, 200).map((frame) => {
      const mark = Object.assign(document.createElement("button"), { type: "button", className: "mark" });
      mark.setAttribute("aria-label", `repaired frame ${frame}`);
      mark.style.left = `${(100 * frame) / last}%`;
      mark.addEventListener("click", () => this.goTo(frame));
      return mark;
    }));
  }

  // ---- what is drawn --------------------------------------------------------------------------------------------
  draw() {
    const marks = byId("marks");
    const box = this.drawing.viewBox.baseVal;
    const px = box.width / Math.max(1, this.drawing.clientWidth);
    marks.replaceChildren();
    this.faces.forEach((face, place) => {
      const group = document.createElementNS(SVG, "g");
      group.setAttribute("class", place === this.at ? "face-marks now" : "face-marks");
      for (const [name, from, to] of PARTS) {
        const line = document.createElementNS(SVG, CLOSED.has(name) ? "polygon" : "polyline");
        line.setAttribute("points", face.points.slice(from, to).map((point) => point.join(",")).join(" "));
        group.append(line);
      }
      if (place === this.at) {
        const moved = new Set(this.moved());
        face.points.forEach(([x, y], number) => {
          const dot = document.createElementNS(SVG, "circle");
          dot.setAttribute("cx", x);
          dot.setAttribute("cy", y);
          dot.setAttribute("r", (number === this.chosen ? 5 : moved.has(number) ? 4 : 3) * px);
          dot.setAttribute("class", number === this.chosen ? "chosen" : moved.has(number) ? "moved" : "");
          group.append(dot);
        });
      }
      marks.append(group);
    });
    if (this.box) {
      const rect = document.createElementNS(SVG, "rect");
      const [x0, y0, x1, y1] = edges(this.box);
      for (const [name, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) rect.setAttribute(name, value);
      marks.append(rect);
    }
  }

  part() { return PARTS.find(([, from, to]) => this.chosen >= from && this.chosen < to); }

  // The numbers of the points that move together.
  moved() {
    if (this.mode === "face") return [...Array(68).keys()];
    const [, from, to] = this.part();
    return this.mode === "part" ? [...Array(to - from).keys()].map((number) => number + from) : [this.chosen];
  }

  say(text) { byId("where").textContent = text; }

  sayWhere() {
    if (!this.face) return;
    const [x, y] = this.face.points[this.chosen];
    this.say(`point ${this.chosen}, ${this.part()[0]}: ${x.toFixed(1)}, ${y.toFixed(1)}`);
  }

  zoom(isClose) {
    byId("closer").setAttribute("aria-pressed", String(isClose));
    let box = this.full;
    if (isClose && this.face) {
      const [x0, y0, x1, y1] = around(this.face.points);
      const side = 1.5 * Math.max(x1 - x0, y1 - y0), ratio = this.full[2] / this.full[3];
      box = [(x0 + x1 - side * ratio) / 2, (y0 + y1 - side) / 2, side * ratio, side];
    }
    this.drawing.setAttribute("viewBox", box.join(" "));
    this.draw();
  }

  // ---- what is changed ------------------------------------------------------------------------------------------
  change(map) {
    if (!this.face) return;
    for (const number of this.moved()) this.face.points[number] = map(this.face.points[number]);
    this.draw();
    this.sayWhere();
  }

  shift(dx, dy) { this.change(([x, y]) => [x + dx, y + dy]); }

  about(scale, degrees) {
    const numbers = this.moved();
    if (!this.face || numbers.length < 2) return;
    const [x0, y0, x1, y1] = around(numbers.map((number) => this.face.points[number]));
    const cx = (x0 + x1) / 2, cy = (y0 + y1) / 2, angle = (degrees * Math.PI) / 180;
    const cos = scale * Math.cos(angle), sin = scale * Math.sin(angle);
    this.change(([x, y]) => [cx + cos * (x - cx) - sin * (y - cy), cy + sin * (x - cx) + cos * (y - cy)]);
  }

  async save() {
    if (!this.face) return;
    const points = JSON.stringify(this.face.points);
    const told = this.face.file ? await this.ask("move", { file: this.face.file, points }) : await this.ask("add", { points, track: byId("track").value });
    if (told) this.take(told);
  }

  async anew(box) {
    const told = await this.ask("find", { box: JSON.stringify(box) });
    if (!told) return;
    if (!this.face || this.isNew) { this.faces.push({ file: "", track: Number(byId("track").value || -1), points: told.points, saved: told.points }); this.at = this.faces.length - 1; }
    else this.face.points = told.points;
    this.drawNew(false);
    this.list();
    this.say("points found; save when they are right");
  }

  async carry() {
    const told = this.face && await this.ask("carry", { track: this.face.track, first: byId("first").value, last: byId("last").value, how: byId("how").value });
    if (told) this.take(told);
  }

  async undo() { const told = await this.ask("undo", {}); if (told) this.take(told); }

  reset() {
    this.drawNew(false);
    this.faces = this.faces.filter((face) => face.file);
    this.faces.forEach((face) => { face.points = face.saved.map((point) => [...point]); });
    this.at = Math.min(this.at, Math.max(0, this.faces.length - 1));
    this.list();
  }

  drawNew(isOn) {
    this.isNew = isOn;
    this.box = null;
    byId("new").setAttribute("aria-pressed", String(isOn));
    if (isOn) { this.zoom(false); this.box = [this.full[2] * 0.4, this.full[3] * 0.3, this.full[2] * 0.6, this.full[3] * 0.6]; this.say("drag a box around the face, or move it by arrows, + and -, then press Enter"); byId("surface").focus(); }
    this.draw();
  }

  goTo(frame) {
    byId("frame").value = frame;
    byId("frame").dispatchEvent(new Event("input", { bubbles: true }));
  }
}

const edges = ([x0, y0, x1, y1]) => [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];

function around(points) {
  const xs = points.map((point) => point[0]), ys = points.map((point) => point[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// ---- pointer and keys -----------------------------------------------------------------------------------------------
function preparePointer(one) {
  const place = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(one.drawing.getScreenCTM().inverse());
    return [at.x, at.y];
  };
  let last = null;
  one.drawing.addEventListener("pointerdown", (event) => {
    last = place(event);
    one.drawing.setPointerCapture(event.pointerId);
    if (one.isNew) { one.box = [...last, ...last]; return; }
    const away = one.faces.map((face) => face.points.map(([x, y], number) => [Math.hypot(x - last[0], y - last[1]), number]).sort((a, b) => a[0] - b[0])[0]);
    const face = away.reduce((best, each, number) => (each[0] < (away[best]?.[0] ?? Infinity) ? number : best), one.at);
    if (!away.length) return;
    one.at = face;
    one.chosen = away[face][1];
    byId("face").value = face;
    one.draw();
    one.sayWhere();
  });
  one.drawing.addEventListener("pointermove", (event) => {
    if (!last) return;
    const now = place(event);
    if (one.isNew) { one.box.splice(2, 2, ...now); one.draw(); return; }
    one.shift(now[0] - last[0], now[1] - last[1]);
    last = now;
  });
  one.drawing.addEventListener("pointerup", () => {
    last = null;
    if (one.isNew && one.box) one.anew(edges(one.box));
  });
}

const KEYS = {
  n: (one) => { one.chosen = (one.chosen + 1) % 68; one.draw(); one.sayWhere(); },
  p: (one) => { one.chosen = (one.chosen + 67) % 68; one.draw(); one.sayWhere(); },
  f: (one) => { if (one.faces.length) { one.at = (one.at + 1) % one.faces.length; one.list(); } },
  z: (one) => one.zoom(byId("closer").getAttribute("aria-pressed") !== "true"),
  r: (one) => one.face && one.anew(around(one.face.points)),
  s: (one) => one.save(),
  u: (one) => one.undo(),
  Escape: (one) => one.reset(),
  ",": (one) => one.goTo(one.frame - 1),
  ".": (one) => one.goTo(one.frame + 1),
};
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TURNS = { "+": [1.02, 0], "-": [1 / 1.02, 0], "<": [1, -1], ">": [1, 1] };

function onKey(one, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const isOnPicture = event.target === byId("surface");
  if (isOnPicture && one.box && (MOVES[event.key] || TURNS[event.key] || event.key === "Enter")) {
    const step = event.shiftKey ? 20 : 4, [dx, dy] = MOVES[event.key] || [0, 0], grow = event.key === "+" ? step : event.key === "-" ? -step : 0;
    one.box = [one.box[0] + dx * step - grow, one.box[1] + dy * step - grow, one.box[2] + dx * step + grow, one.box[3] + dy * step + grow];
    one.draw();
    if (event.key === "Enter") one.anew(edges(one.box));
  } else if (isOnPicture && MOVES[event.key]) one.shift(...MOVES[event.key].map((step) => step * (event.shiftKey ? 10 : 1)));
  else if (isOnPicture && TURNS[event.key]) one.about(...TURNS[event.key]);
  else if (KEYS[event.key]) KEYS[event.key](one);
  else return;
  event.preventDefault();
}

if (desk) {
  const one = new Desk();
  preparePointer(one);
  document.addEventListener("keydown", (event) => onKey(one, event));
  let timer = 0;
  byId("frame").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => one.load(), 80); });
  byId("face").addEventListener("change", (event) => { one.at = Number(event.target.value); one.list(); });
  document.querySelectorAll("input[name=mode]").forEach((radio) => radio.addEventListener("change", () => one.draw()));
  const does = { save: () => one.save(), anew: () => one.face && one.anew(around(one.face.points)), reset: () => one.reset(), undo: () => one.undo(), closer: () => KEYS.z(one), new: () => one.drawNew(!one.isNew), carry: () => one.carry() };
  for (const [id, action] of Object.entries(does)) byId(id).addEventListener("click", action);
}
