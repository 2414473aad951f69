"use strict";
// What htmx does not do: sending a dropped film, copying, marking. Pages with pictures to work on have scripts of their own.

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
