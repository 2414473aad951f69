"use strict";
// What htmx does not do: sending a dropped film, the before|after picture, copying, marking.

const byId = (id) => document.getElementById(id);

function tell(text) {
  byId("message").replaceChildren(Object.assign(document.createElement("p"), { className: "error", textContent: text }));
}

function send(file) {
  const request = new XMLHttpRequest();
  const bar = byId("sent");
  bar.hidden = false;
  request.open("POST", "/upload");
  request.setRequestHeader("X-CSRF", document.body.dataset.csrf);
  request.setRequestHeader("X-Name", encodeURIComponent(file.name));
  request.setRequestHeader("HX-Request", "true");
  request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
  request.onload = () => {
    bar.hidden = true;
    if (request.status === 204) { location.reload(); return; }
    const told = new DOMParser().parseFromString(request.responseText, "text/html");
    tell(told.body.textContent.trim());
  };
  request.onerror = () => { bar.hidden = true; tell("the film could not be sent; is the studio still there?"); };
  request.send(file);
}

function prepareDrop() {
  const drop = byId("drop");
  if (!drop) return;
  byId("send").addEventListener("change", (event) => { if (event.target.files[0]) send(event.target.files[0]); });
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
    });
  }
}

function prepareStage() {
  const form = byId("convert");
  if (!form) return;
  const ab = byId("ab");
  let shown = "", waiting = 0;

  function draw() {
    const said = new URLSearchParams(new FormData(form));
    const frame = new URLSearchParams({ film: said.get("film"), frame: said.get("frame") }).toString();
    if (frame !== shown) {
      shown = frame;
      byId("before").src = `/convert/${form.dataset.run}/frame.jpg?side=a&${frame}`;
    }
    const begun = performance.now();
    const asked = `/convert/${form.dataset.run}/frame.jpg?${said}`;
    ab.classList.add("busy");
    fetch(asked, { headers: { "HX-Request": "true" } }).then(async (answer) => {
      if (asked !== ab.dataset.asked) return;
      if (!answer.ok) {
        tell(new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim());
        return;
      }
      byId("message").replaceChildren();
      const url = URL.createObjectURL(await answer.blob());
      byId("after").onload = () => {
        URL.revokeObjectURL(url);
        ab.classList.remove("busy");
        ab.dataset.drawn = asked;
        byId("took").textContent = `drawn in ${((performance.now() - begun) / 1000).toFixed(2)} s`;
      };
      byId("after").src = url;
    }).catch(() => tell("the studio does not answer"));
    ab.dataset.asked = asked;
  }

  form.addEventListener("input", (event) => {
    if (event.target.id === "split") { ab.style.setProperty("--split", `${event.target.value}%`); return; }
    clearTimeout(waiting);
    waiting = setTimeout(draw, 120);
  });
  form.addEventListener("change", (event) => {
    if (event.target.id !== "film") return;
    location.search = new URLSearchParams({ film: event.target.value });
  });
  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "sliders") draw(); });
  draw();
}

document.addEventListener("input", (event) => {
  const shows = event.target.dataset.shows;
  if (shows) byId(shows).value = event.target.value;
});
document.addEventListener("click", (event) => {
  const { copies, marks } = event.target.dataset;
  if (copies) navigator.clipboard.writeText(byId(copies).textContent).then(() => { event.target.textContent = "Copied"; });
  if (marks) document.querySelectorAll(marks).forEach((box) => { box.checked = true; });
});
document.addEventListener("htmx:sendError", () => tell("the studio does not answer"));
prepareDrop();
prepareStage();
