"use strict";
// What htmx does not do: the camera, a smaller copy of the picture, sending it, waiting, sharing, the stage.

const byId = (id) => document.getElementById(id);
const SIDE = 1280; // px of the longer side of what is sent: more would only take time

function tell(text) {
  byId("message").replaceChildren(Object.assign(document.createElement("p"), { className: "error", textContent: text }));
}

function prepareBegin() {
  const form = byId("begin");
  if (!form) return;
  let picture = null, stream = null;
  const show = (names, shown) => names.forEach((name) => { byId(name).hidden = !shown; });
  const agreed = () => { byId("shoot").disabled = !byId("agree").checked; };
  byId("agree").addEventListener("change", agreed);
  agreed();

  function close() {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
  }

  byId("camera").addEventListener("click", async () => {
    if (!navigator.mediaDevices) { tell("this browser lends no camera to this address; choose a picture"); return; }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
    } catch (error) { tell("the camera may not be used; choose a picture"); return; }
    byId("live").srcObject = stream;
    show(["finder", "live", "snap"], true);
    show(["camera", "still", "retake", "chosen", "go"], false);
  });
  byId("snap").addEventListener("click", async () => {
    const live = byId("live"), still = byId("still");
    still.width = live.videoWidth;
    still.height = live.videoHeight;
    still.getContext("2d").drawImage(live, 0, 0);
    picture = await new Promise((done) => still.toBlob(done, "image/jpeg", 0.92));
    close();
    show(["live", "snap"], false);
    show(["still", "retake", "go"], true);
  });
  byId("retake").addEventListener("click", () => { show(["go", "retake"], false); byId("camera").click(); });
  byId("file").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    close();
    picture = await smaller(file);
    show(["finder", "snap", "retake"], false);
    byId("chosen").src = URL.createObjectURL(picture);
    show(["chosen", "camera", "go"], true);
  });
  byId("chosen").addEventListener("error", () => show(["chosen"], false)); // a kind that this browser does not show
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (picture) send(form, picture);
  });
}

// A copy of at most SIDE px, without what else is in the file; what this browser cannot read is sent as it is.
async function smaller(file) {
  try {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92))) || file;
  } catch (error) { return file; }
}

function send(form, picture) {
  const said = new FormData(form);
  said.append("photo", picture, "photo.jpg");
  const request = new XMLHttpRequest();
  const bar = byId("sent"), go = byId("go");
  bar.hidden = false;
  go.disabled = true;
  request.open("POST", "/photo");
  request.setRequestHeader("X-CSRF", document.body.dataset.csrf);
  request.setRequestHeader("HX-Request", "true");
  request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
  request.onload = () => {
    bar.hidden = true;
    go.disabled = false;
    if (request.status === 204) { location.href = request.getResponseHeader("HX-Redirect"); return; }
    tell(new DOMParser().parseFromString(request.responseText, "text/html").body.textContent.trim());
  };
  request.onerror = () => { bar.hidden = true; go.disabled = false; tell("the picture could not be sent; try again"); };
  request.send(said);
}

function prepareWaiting() {
  const standing = byId("standing");
  if (!standing || !standing.dataset.events) return;
  const events = new EventSource(standing.dataset.events);
  events.addEventListener("state", (event) => { standing.innerHTML = event.data; });
  events.addEventListener("ended", () => { events.close(); location.reload(); });
}

function prepareSharing() {
  const button = byId("sharing");
  if (!button) return;
  if (!navigator.share) { button.hidden = true; return; }
  button.addEventListener("click", () => {
    navigator.share({ title: "My film from the booth", url: button.dataset.link }).catch(() => {});
  });
}

function prepareStage() {
  const stage = byId("stage");
  if (!stage || stage.dataset.step === undefined) return;
  const scenes = ["one", "two", "three", "four"].map((name) => stage.querySelector(`.${name}`));
  let step = 0;

  function go(by) {
    do { step += by; } while (step > 0 && step <= scenes.length && !scenes[step - 1]);
    step = Math.max(0, step);
    if (step > scenes.length) {
      step = scenes.length;
      fetch(stage.dataset.shown, { method: "POST", headers: { "X-CSRF": document.body.dataset.csrf } })
        .then((answer) => (answer.ok ? location.reload() : tell("the booth does not answer")))
        .catch(() => tell("the booth does not answer"));
      return;
    }
    stage.dataset.step = step;
    stage.querySelectorAll("video").forEach((film) => film.pause());
    const film = step && scenes[step - 1].querySelector("video");
    if (film) { film.currentTime = 0; film.play().catch(() => {}); }
  }

  document.addEventListener("keydown", (event) => {
    if ([" ", "ArrowRight", "PageDown"].includes(event.key)) { event.preventDefault(); go(1); }
    if (["ArrowLeft", "PageUp"].includes(event.key)) { event.preventDefault(); go(-1); }
  });
  byId("on").addEventListener("click", (event) => { event.target.blur(); go(1); });
}

document.addEventListener("click", (event) => {
  const { copies } = event.target.dataset;
  if (copies) navigator.clipboard.writeText(byId(copies).textContent).then(() => { event.target.textContent = "Copied"; });
});
document.addEventListener("htmx:sendError", () => tell("the booth does not answer"));
prepareBegin();
prepareWaiting();
prepareSharing();
prepareStage();
