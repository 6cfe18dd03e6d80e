// Runs in JupyterLab's page before its own code: hears the kernel's messages, watches frames, and
// sees when a grid shows something. All times are ms of `performance.now()` unless said.
window.bench = (() => {
  const heard = { bytes: 0, mark: null, at: 0, tick: 0 };
  let tick = 0; // animation frames since the page began
  let drawing = false; // between the callbacks of a frame and its picture
  let last = 0;
  let gaps = null;
  const drawn = new MessageChannel();
  drawn.port1.onmessage = () => { drawing = false; };

  function frame(now) {
    tick++;
    drawing = true;
    drawn.port2.postMessage(null);
    if (gaps && last) gaps.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);

  const latin = new TextDecoder("latin1");
  window.WebSocket = class extends WebSocket {
    constructor(...made) {
      super(...made);
      this.addEventListener("message", ({ data }) => {
        const bytes = typeof data === "string" ? null : data;
        heard.bytes += bytes ? bytes.byteLength : data.length;
        if (!heard.mark || heard.at) return;
        if ((bytes ? latin.decode(bytes) : data).includes(heard.mark)) {
          heard.at = performance.now();
          heard.tick = tick;
        }
      });
    }
  };

  const nextFrame = () => new Promise(requestAnimationFrame);
  const panel = () => window.jupyterapp?.shell.currentWidget;
  const kernel = () => panel()?.sessionContext?.session?.kernel;
  const output = () => document.querySelector(".jp-OutputArea-output");

  // the first element that fits, shadow roots included
  function deep(root, selector) {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const one of root.querySelectorAll("*")) {
      const inner = one.shadowRoot && deep(one.shadowRoot, selector);
      if (inner) return inner;
    }
    return null;
  }

  // what a grid that draws on a canvas has written since its cell ran
  let written = "";
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
    if (written.length < 100_000) written += `${text}\n`;
    return fillText.call(this, text, ...where);
  };
  function cells() {
    const body = output() && deep(output(), "regular-table tbody");
    return body ? body.textContent : "";
  }

  // the text of the rows that a grid shows
  const TEXT = {
    ours: () => output()?.querySelector(".grid-canvas")?.textContent ?? "",
    ipydatagrid: () => written,
    perspective: cells,
  };
  const HOST = "psana"; // a word in every row

  async function until(true_, limit_ms) {
    const begun = performance.now();
    while (!true_()) {
      if (performance.now() - begun > limit_ms) return false;
      await nextFrame();
    }
    return true;
  }

  return {
    ready: () => kernel()?.status === "idle" && document.querySelectorAll(".jp-CodeCell").length === 1,
    bytes: () => heard.bytes,

    // run code in the kernel; what `wanted` is then, as text
    async run(code, wanted = "None") {
      const future = kernel().requestExecute({ code, silent: false, store_history: false, user_expressions: { wanted } });
      // not `future.done`: the server may leave out the kernel's "idle" behind many messages of a grid
      const reply = await new Promise((resolve) => { future.onReply = resolve; });
      if (reply.content.status !== "ok") throw new Error(`${reply.content.ename}: ${reply.content.evalue}`);
      const said = reply.content.user_expressions.wanted;
      if (said.status !== "ok") throw new Error(said.evalue);
      return said.data["text/plain"];
    },

    // take what the cell shows away
    async clear() {
      await jupyterapp.commands.execute("notebook:clear-cell-output");
      await until(() => !output(), 5000);
    },

    // run a cell; ms until it shows rows, null: not within the limit
    async show(kind, code, limit_ms) {
      const cell = panel().content.activeCell;
      cell.model.sharedModel.setSource(code);
      await nextFrame();
      await nextFrame();
      written = "";
      const begun = performance.now();
      void jupyterapp.commands.execute("notebook:run-cell");
      return (await until(() => TEXT[kind]().includes(HOST), limit_ms)) ? performance.now() - begun : null;
    },

    // Run code in the kernel that changes what is in view to `mark`, whose last part the code
    // makes itself, so that its echo is not taken for the news. `begun` is where the kernel says
    // by its clock (s since 1970) when it began. Returns times in ms, and frames from the message
    // to the picture.
    async change(kind, code, mark, begun, limit_ms) {
      Object.assign(heard, { mark, at: 0, tick: 0 });
      written = "";
      let changed = null;
      const shows = () => TEXT[kind]().includes(mark);
      const watcher = new MutationObserver(() => {
        if (!changed && shows()) changed = { at: performance.now(), tick: tick + (drawing ? 0 : 1) };
      });
      if (kind === "ours") watcher.observe(output(), { subtree: true, childList: true, characterData: true });
      const done = this.run(code, begun);
      const seen = await until(shows, limit_ms);
      const at = performance.now();
      watcher.disconnect();
      heard.mark = null;
      const begun_ms = Number(await done) * 1000 - performance.timeOrigin;
      if (!seen) return null;
      return {
        fromCall: at - begun_ms,
        fromMessage: changed && heard.at ? changed.at - heard.at : null,
        frames: changed && heard.at ? changed.tick - heard.tick : null,
      };
    },

    watch() { gaps = []; last = 0; },
    // gaps between frames since `watch`, in ms
    watched() { const found = gaps; gaps = null; return found; },

    // where to turn the wheel
    middle() {
      const { x, y, width, height } = output().getBoundingClientRect();
      return [x + width / 2, y + Math.min(height / 2, 200)];
    },
    async quiet() { // no message for half a second
      for (let before = -1; before !== heard.bytes;) {
        before = heard.bytes;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    },
  };
})();
