// What the page can do beyond being read: copy, sort, filter, hide a curve, and one cursor and one zoom for
// everything that is drawn over time. Nothing here is needed to understand a run.
(() => {
  "use strict";
  document.documentElement.classList.add("js");
  const all = (selector, under = document) => Array.from(under.querySelectorAll(selector));

  for (const button of all("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = button.dataset.copy;
      try {
        await navigator.clipboard.writeText(text);
      } catch { // a file opened from disk may not have a clipboard
        const area = document.createElement("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
  }

  // Tables: click a head to sort by it, again for the other way round.
  const key = (row, i) => row.cells[i].dataset.sort ?? row.cells[i].textContent;
  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    if (a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, "en", { numeric: true });
  };
  for (const table of all("table.sortable")) {
    const heads = all("thead th", table);
    heads.forEach((head, i) => {
      const sort = () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((h) => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = Array.from(body.rows).sort((a, b) => compare(key(a, i), key(b, i)));
        body.append(...(down ? rows.reverse() : rows));
      };
      head.tabIndex = 0;
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (e) => { if (e.key === "Enter") sort(); });
    });
  }
  for (const input of all("[data-filter]")) {
    const rows = all("tbody tr", input.closest("details"));
    input.addEventListener("input", () => {
      const want = input.value.toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(want);
    });
  }

  // Curves: click a name to hide it.
  for (const button of all(".plot .key")) {
    const name = button.dataset.series;
    const curves = all("g.series", button.closest("figure")).filter((g) => g.dataset.series === name);
    if (curves.length === 0) continue;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      const off = button.classList.toggle("off");
      button.setAttribute("aria-pressed", String(!off));
      curves.forEach((g) => g.classList.toggle("off", off));
    });
  }

  // Time: every drawing has the same geometry, so a time is the same x in all of them.
  const drawings = all("svg.timed");
  if (drawings.length === 0) return;
  const left = Number(drawings[0].dataset.left), width = Number(drawings[0].dataset.width);
  const end = Number(drawings[0].dataset.end);
  const holder = document.getElementById("series");
  const series = holder ? JSON.parse(holder.textContent) : {};
  const clock = document.getElementById("clock"), unzoom = document.getElementById("unzoom");
  let from = 0, to = end;

  const timeAt = (drawing, event) => {
    const box = drawing.getBoundingClientRect();
    const x = (event.clientX - box.left) * drawing.viewBox.baseVal.width / box.width - left;
    return from + Math.min(Math.max(x / width, 0), 1) * (to - from);
  };
  const xOf = (time) => left + (time - from) / (to - from) * width;

  const say = (value, unit) => {
    if (value === null || value === undefined) return "–";
    if (unit === "seconds") return value < 1 ? Math.round(value * 1000) + " ms" : value + " s";
    return value.toLocaleString("en").replaceAll(",", "\u202f");
  };
  const readouts = all(".plot .key").map((button) => [button.querySelector("output"), series[button.dataset.series]])
    .filter(([, values]) => values);
  const showCursor = (time) => {
    const x = xOf(time);
    for (const drawing of drawings) {
      const line = drawing.querySelector(":scope > .cursor");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      line.setAttribute("visibility", "visible");
    }
    if (clock) clock.textContent = "+" + time.toFixed(to - from < 20 ? 3 : 1) + " s";
    for (const [output, s] of readouts) output.textContent = say(s.values[Math.round(time / s.step)], s.unit);
  };
  const hideCursor = () => {
    for (const drawing of drawings) drawing.querySelector(":scope > .cursor").setAttribute("visibility", "hidden");
    if (clock) clock.textContent = "";
    for (const [output] of readouts) output.textContent = "";
  };

  const element = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, v);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const niceStep = (span) => {
    const raw = span / 10, power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= raw);
  };
  const firstTicks = drawings.map((drawing) => Array.from(drawing.querySelector(":scope > .ticks").childNodes));

  const zoom = (a, b) => {
    from = a;
    to = b;
    const whole = a === 0 && b === end, scale = end / (b - a), shift = -a / end * width * scale;
    drawings.forEach((drawing, i) => {
      const inner = drawing.querySelector(".zoom");
      inner.setAttribute("transform", `matrix(${scale} 0 0 1 ${shift} 0)`);
      for (const text of all("text", inner)) { // letters keep their width
        const x = Number(text.getAttribute("x"));
        text.setAttribute("transform", `translate(${x} 0) scale(${1 / scale} 1) translate(${-x} 0)`);
      }
      const ticks = drawing.querySelector(":scope > .ticks");
      if (whole) {
        ticks.replaceChildren(...firstTicks[i]);
        return;
      }
      const height = Number(drawing.dataset.height), step = niceStep(b - a), made = [];
      for (let t = Math.ceil(a / step) * step; t <= b; t += step) {
        const x = xOf(t);
        made.push(element("line", { class: "grid", x1: x, x2: x, y1: 0, y2: height }));
        made.push(element("text", { class: "tick mid", x, y: height + 15 }, Number(t.toFixed(6)) + " s"));
      }
      ticks.replaceChildren(...made);
    });
    if (unzoom) unzoom.hidden = whole;
  };

  for (const drawing of drawings) {
    let start = null, brush = null;
    drawing.addEventListener("pointermove", (event) => {
      const time = timeAt(drawing, event);
      showCursor(time);
      if (brush) {
        brush.setAttribute("x", Math.min(xOf(start), xOf(time)));
        brush.setAttribute("width", Math.abs(xOf(time) - xOf(start)));
      }
    });
    drawing.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch") return;
      event.preventDefault();
      drawing.setPointerCapture(event.pointerId);
      start = timeAt(drawing, event);
      brush = element("rect", { class: "brush", x: xOf(start), y: 0, width: 0, height: drawing.dataset.height });
      drawing.append(brush);
    });
    const finish = (event) => {
      if (!brush) return;
      brush.remove();
      brush = null;
      const other = timeAt(drawing, event);
      if (Math.abs(xOf(other) - xOf(start)) > 6) zoom(Math.min(start, other), Math.max(start, other));
    };
    drawing.addEventListener("pointerup", finish);
    drawing.addEventListener("pointercancel", () => { brush?.remove(); brush = null; });
    drawing.addEventListener("pointerleave", hideCursor);
    drawing.addEventListener("dblclick", () => zoom(0, end));
  }
  unzoom?.addEventListener("click", () => zoom(0, end));
})();
