
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const count = data.files.length, byId = (id) => document.getElementById(id);
const WORDS = {blur: "blurred", duplicates: "double", misaligned: "misaligned", damaged: "damaged"};
const UNITS = {yaw: "°", pitch: "°", roll: "°", size: " px"};
const DOWNWARDS = ["size", "score", "likeness"]; // the best first
const LINES = [[0, 17], [17, 22], [22, 27], [27, 31], [31, 36], [36, 42, true], [42, 48, true], [48, 60, true], [60, 68, true]];
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const GAP_PX = 10, CAPTION_PX = 22, CHUNK_ROWS = 6;

const removed = new Uint8Array(count);
for (const index of data.removed) removed[index] = 1;
const goes = new Uint8Array(count); // marked to go, or gone already and not marked to come back
const saved = new Uint8Array(count);
let flat = [], place = new Int32Array(count), chunks = [], columns = 1, current = 0, anchor = -1, large = -1;

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // texts stay texts: file names are never read as HTML
  return made;
}
const address = (i) => "./" + (removed[i] ? data.removedFolder + "/" : "") + (data.addresses[i] ?? data.files[i]);
const reasons = (i) => data.reasons.filter((_, bit) => data.against[i] >> bit & 1);
const value = (name, i) => name === "person" ? data.person[i] : data.columns[name][i];

/* ---- what is shown */

function wanted(i) {
  const show = byId("show").value, person = byId("person").value;
  if (person && data.person[i] !== Number(person)) return false;
  if (show === "used") return !removed[i];
  if (show === "suggested") return data.against[i] > 0;
  if (show === "clean") return !data.against[i] && !removed[i];
  if (show === "marked") return goes[i] && !removed[i];
  if (show === "removed") return removed[i];
  return show === "all" || reasons(i).includes(show);
}

function sorted(indices) {
  const by = byId("sort").value, sign = byId("reverse").checked ? -1 : 1, first = DOWNWARDS.includes(by) ? -1 : 1;
  const key = by === "person" ? "frame" : by;
  const grouped = by === "person" ? (a, b) => data.person[a] - data.person[b] : () => 0;
  return indices.sort((a, b) => sign * (grouped(a, b) || first * (value(key, a) - value(key, b))) || a - b);
}

function groups() {
  const all = [];
  for (let i = 0; i < count; i++) if (wanted(i)) all.push(i);
  if (!byId("group").checked) return all.length ? [[0, sorted(all)]] : [];
  const people = new Map();
  for (const i of all) people.has(data.person[i]) ? people.get(data.person[i]).push(i) : people.set(data.person[i], [i]);
  return [...people].sort((a, b) => a[0] - b[0]).map(([number, indices]) => [number, sorted(indices)]);
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) fill(entry.target);
    else if (!entry.target.contains(document.activeElement)) entry.target.replaceChildren();
  }
}, {rootMargin: "1500px"});

function render() {
  const tile = Number(byId("tile").value), main = byId("faces");
  columns = Math.max(1, Math.floor((main.clientWidth - 40 + GAP_PX) / (tile + GAP_PX)));
  document.documentElement.style.setProperty("--tile", tile + "px");
  document.documentElement.style.setProperty("--columns", columns);
  watcher.disconnect();
  flat = [];
  chunks = [];
  place.fill(-1);
  const sections = groups().map(([number, indices]) => {
    const section = element("section", {}, heading(number, indices)), size = columns * CHUNK_ROWS;
    section.setAttribute("aria-label", number ? `Person ${number}` : "Faces");
    for (let start = 0; start < indices.length; start += size) {
      const own = indices.slice(start, start + size), rows = Math.ceil(own.length / columns);
      const chunk = element("ul", {class: "chunk", role: "list"}), height = rows * (tile + CAPTION_PX + GAP_PX) + GAP_PX / 2;
      chunk.style.marginBottom = "-5px";
      chunk.style.height = chunk.style.containIntrinsicHeight = height + "px";
      chunk.faces = own;
      for (const i of own) { place[i] = flat.length; flat.push(i); chunks.push(chunk); }
      section.append(chunk);
    }
    return section;
  });
  if (!flat.length) sections.push(element("p", {class: "empty"}, "No face is like that."));
  main.replaceChildren(...sections);
  new Set(chunks).forEach((chunk) => watcher.observe(chunk));
  if (place[current] < 0 && flat.length) current = flat[0];
  tell();
}

function heading(number, indices) {
  const title = element("h2", {}, number ? `Person ${number}` : "All faces");
  const tracks = new Set(indices.map((i) => data.columns.track[i])).size;
  title.append(element("small", {}, `${faces(indices.length)}, ${tracks} track${tracks === 1 ? "" : "s"}`));
  for (const [label, on] of [["mark these", 1], ["unmark these", 0]]) {
    const button = element("button", {type: "button"}, label);
    button.addEventListener("click", () => mark(indices, on));
    title.append(button);
  }
  if (number) title.append(element("code", {title: "keeps this person only"}, `keep=${number}`));
  return title;
}

function fill(chunk) {
  if (!chunk.childElementCount) chunk.append(...chunk.faces.map(card));
}

function card(i) {
  const by = byId("sort").value, key = by === "person" ? "blur" : by, why = data.details[i] ? ", " + data.details[i] : "";
  const label = `Person ${data.person[i]}, frame ${data.columns.frame[i]}${why}`;
  const picture = element("img", {src: address(i), alt: "", loading: "lazy", decoding: "async", draggable: "false"});
  const open = element("button", {type: "button", class: "open", "aria-label": label, title: data.details[i] ?? ""}, picture);
  const cross = element("button", {type: "button", class: "mark"}, "✕");
  const badges = element("span", {class: "badges"});
  for (const reason of reasons(i)) badges.append(element("span", {class: `badge ${reason}`}, WORDS[reason]));
  if (removed[i]) badges.append(element("span", {class: "badge removed"}, "removed"));
  const text = key === "frame" ? "" : ` · ${key} ${value(key, i)}${UNITS[key] ?? ""}`;
  const item = element("li", {class: "face", "data-face": i, "aria-setsize": flat.length, "aria-posinset": place[i] + 1},
    open, cross, badges, element("span", {class: "number"}, `#${data.columns.frame[i]}${text}`));
  paint(item, i);
  return item;
}

function paint(item, i) {
  item.classList.toggle("goes", goes[i] === 1);
  const [open, cross] = item.children;
  cross.setAttribute("aria-pressed", goes[i] === 1);
  cross.setAttribute("aria-label", removed[i] ? "Leave this face out" : "Mark this face to go");
  open.tabIndex = cross.tabIndex = i === current ? 0 : -1; // one stop for Tab; arrows do the rest
}

const shownItem = (i) => place[i] < 0 ? null : chunks[place[i]].querySelector(`[data-face="${i}"]`);
const repaint = (i) => { const item = shownItem(i); if (item) paint(item, i); };

/* ---- marks */

const faces = (number) => `${number.toLocaleString("en")} face${number === 1 ? "" : "s"}`;

function mark(indices, on) {
  for (const i of indices) { goes[i] = on; repaint(i); }
  tell();
}

function tell() {
  let go = 0, back = 0;
  for (let i = 0; i < count; i++) { go += goes[i] && !removed[i]; back += !goes[i] && removed[i]; }
  const text = element("b", {}, `${faces(go)} marked to go`);
  byId("counts").replaceChildren(`${faces(flat.length)} of ${count.toLocaleString("en")} shown · `, text,
    back ? ` · ${back} to come back` : "");
}

function save() {
  const reject = [], restore = [];
  for (let i = 0; i < count; i++) {
    if (goes[i] && !removed[i]) reject.push(data.files[i]);
    if (!goes[i] && removed[i]) restore.push(data.files[i]);
  }
  const text = JSON.stringify({faces: data.name, fingerprint: data.fingerprint, reject, restore}, null, 1);
  const link = element("a", {href: URL.createObjectURL(new Blob([text], {type: "application/json"})), download: "rejects.json"});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  saved.set(goes);
  byId("command").textContent = data.command;
  byId("next").hidden = false;
}

/* ---- one face, large */

function look(i) {
  large = current = i;
  byId("large-image").src = address(i);
  byId("large-title").textContent = data.files[i];
  byId("large-why").textContent = removed[i] ? "taken out earlier; unmark it to put it back" : data.details[i] ?? "";
  const same = data.sameAs[i];
  byId("large-same").hidden = same < 0;
  if (same >= 0) byId("large-same-image").src = address(same);
  const rows = [["person", data.person[i]], ...Object.keys(data.columns).map((name) => [name, value(name, i) + (UNITS[name] ?? "")])];
  byId("large-numbers").replaceChildren(...rows.map(([name, text]) =>
    element("tr", {}, element("th", {scope: "row"}, name), element("td", {}, String(text)))));
  byId("large-points").innerHTML = drawing(data.points[i]);
  paintLarge();
  if (!byId("large").open) byId("large").showModal();
}

function drawing(text) { // made of numbers only
  const steps = [...text].map((digit) => DIGITS.indexOf(digit));
  const at = (k) => ((steps[2 * k] * 64 + steps[2 * k + 1]) / 4096 * 2 - 0.5).toFixed(4);
  const point = (k) => `${at(2 * k)} ${at(2 * k + 1)}`;
  const path = ([from, to, closed]) => {
    const all = Array.from({length: to - from}, (_, k) => point(from + k));
    return `<path d="M${all.join("L")}${closed ? "Z" : ""}"/>`;
  };
  const dot = (_, k) => `<circle cx="${at(2 * k)}" cy="${at(2 * k + 1)}" r=".0042"/>`;
  return LINES.map(path).join("") + Array.from({length: 68}, dot).join("");
}

function paintLarge() {
  const button = byId("large-mark");
  button.setAttribute("aria-pressed", goes[large] === 1);
  button.textContent = goes[large] ? "✕ goes (X)" : "stays (X)";
}

function step(from, by) {
  const next = Math.min(flat.length - 1, Math.max(0, place[from] + by));
  return flat.length ? flat[next] : from;
}

function focusFace(i) {
  const before = current;
  current = i;
  repaint(before);
  if (place[i] < 0) return;
  fill(chunks[place[i]]);
  const item = shownItem(i);
  paint(item, i);
  item.scrollIntoView({block: "nearest"});
  item.firstElementChild.focus({preventScroll: true});
}

/* ---- what the person does */

const toggle = (i) => { mark([i], goes[i] ? 0 : 1); if (large >= 0) paintLarge(); };

byId("faces").addEventListener("click", (event) => {
  const item = event.target.closest(".face");
  if (!item) return;
  const i = Number(item.dataset.face);
  if (event.target.closest(".mark")) {
    const on = goes[i] ? 0 : 1, range = event.shiftKey && anchor >= 0 && place[anchor] >= 0;
    const [from, to] = range ? [place[anchor], place[i]].sort((a, b) => a - b) : [place[i], place[i]];
    mark(flat.slice(from, to + 1), on);
    anchor = i;
    focusFace(i);
  } else if (event.target.closest(".open")) look(i);
});

document.addEventListener("keydown", (event) => {
  const open = byId("large").open, inFaces = open || event.target.closest?.(".face");
  if (!inFaces || event.ctrlKey || event.metaKey || event.altKey) return;
  const i = open ? large : Number(event.target.closest(".face").dataset.face);
  const moves = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -count, End: count};
  if (event.key in moves) open ? look(step(i, moves[event.key])) : focusFace(step(i, moves[event.key]));
  else if (event.key === "x" || event.key === "X" || event.key === "Delete") toggle(i);
  else if (open && event.key.toLowerCase() === "l") byId("large-lines").click();
  else return;
  event.preventDefault();
});

byId("large").addEventListener("close", () => { const i = large; large = -1; focusFace(i); });
byId("large").addEventListener("click", (event) => { if (event.target === byId("large")) byId("large").close(); });
byId("large-close").addEventListener("click", () => byId("large").close());
byId("large-mark").addEventListener("click", () => toggle(large));
byId("large-before").addEventListener("click", () => look(step(large, -1)));
byId("large-after").addEventListener("click", () => look(step(large, 1)));
byId("large-lines").addEventListener("click", (event) => {
  const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", on);
  byId("large-points").style.display = on ? "" : "none";
});

const everybody = Array.from({length: count}, (_, i) => i);
byId("suggest").addEventListener("click", () => mark(everybody.filter((i) => data.against[i] > 0), 1));
byId("clear").addEventListener("click", () => mark(everybody.filter((i) => !removed[i]), 0));
byId("save").addEventListener("click", save);
for (const id of ["show", "person", "sort", "reverse", "group", "tile"]) byId(id).addEventListener("change", render);
let waiting = 0;
window.addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(render, 150); });
window.addEventListener("beforeunload", (event) => { if (goes.some((on, i) => on !== saved[i])) event.preventDefault(); });

function begin() {
  const people = new Map();
  const tally = (filter) => everybody.reduce((sum, i) => sum + (filter(i) ? 1 : 0), 0);
  for (const number of data.person) people.set(number, (people.get(number) ?? 0) + 1);
  const options = (id, pairs) => byId(id).append(...pairs.map(([key, text]) => element("option", {value: key}, text)));
  options("show", [["all", `all (${count})`], ["suggested", `suggested to go (${tally((i) => data.against[i] > 0)})`],
    ...data.reasons.map((name, bit) => [name, `${WORDS[name]} (${tally((i) => data.against[i] >> bit & 1)})`]),
    ["clean", `without fault (${tally((i) => !data.against[i] && !removed[i])})`], ["marked", "marked to go"],
    ["removed", `removed earlier (${data.removed.length})`]]);
  options("person", [["", "everybody"], ...[...people].sort((a, b) => a[0] - b[0]).map(([k, n]) => [k, `${k} (${n})`])]);
  options("sort", data.orders.map((name) => [name, name === "person" ? "person, frame" : name]));
  byId("sort").value = data.sort;
  for (let i = 0; i < count; i++) goes[i] = removed[i] || data.against[i] > 0 ? 1 : 0;
  saved.set(goes);
  render();
}
begin();
