"use strict";
// Whatever comes from a text goes into the page as text (`textContent`), never as markup.

const COLOURS = 12;
const ROW = 16; // pixels from one underline to the next

const byId = (id) => document.getElementById(id);
const state = {
  card: null,
  text: "",
  entities: [], // down to the lowest threshold
  ownEntities: [], // with the thresholds of the model
  places: null,
  own: true,
  request: null,
};

function element(name, className, content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

function colour(type) {
  return "c" + (state.card.types.indexOf(type) % COLOURS);
}

// --- the server -------------------------------------------------------------------------------

async function ask(path, content, signal) {
  const headers = {};
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = "Bearer " + token;
  const options = { headers, signal };
  if (content !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(content) });
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server cannot be reached.");
  }
  if (response.status === 401) byId("token-row").hidden = false;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const later = response.headers.get("Retry-After");
    const reason = answer.detail || `The server answers ${response.status}.`;
    throw new Error(later ? `${reason} Try again in ${later} s.` : reason);
  }
  if (token || path === "model") byId("token-row").hidden = true;
  return answer;
}

function showError(error) {
  byId("error").textContent = error ? error.message : "";
  byId("error").hidden = !error;
}

async function loadModel() {
  if (state.card) return;
  const card = await ask("model");
  state.card = card;
  byId("model").textContent = `${card.name} (${card.model}, ${card.device})`;
  const boxes = card.types.map((type) => {
    const label = element("label", "type " + colour(type));
    const box = element("input");
    box.type = "checkbox";
    box.checked = true;
    box.value = type;
    box.addEventListener("change", draw);
    label.append(box, element("span", "swatch"), element("bdi", "", type));
    return label;
  });
  byId("types").replaceChildren(...boxes);
  byId("threshold").min = Math.ceil(card.lowest_threshold * 100) / 100;
  useOwn();
}

async function find() {
  state.request?.abort();
  const request = (state.request = new AbortController());
  showError(null);
  byId("view").setAttribute("aria-busy", "true");
  byId("find").disabled = true;
  try {
    await loadModel();
    const text = byId("text").value;
    const { lowest_threshold: threshold, thresholds } = state.card;
    // With thresholds by type, what the model chooses cannot be told from the scores alone.
    const sameForAll = new Set(Object.values(thresholds)).size === 1;
    const [all, own] = await Promise.all(
      [{ text, threshold }, ...(sameForAll ? [] : [{ text }])].map((content) =>
        ask("predict", content, request.signal),
      ),
    );
    if (request !== state.request) return;
    const { entities } = all;
    const isOwn = (entity) => entity.score > thresholds[entity.type];
    const ownEntities = own ? own.entities : entities.filter(isOwn);
    Object.assign(state, { text, entities, ownEntities, places: places(text) });
    byId("result").hidden = false;
    draw();
  } catch (error) {
    if (error.name !== "AbortError") showError(error);
  } finally {
    if (request === state.request) {
      byId("view").removeAttribute("aria-busy");
      byId("find").disabled = false;
    }
  }
}

// --- what is shown ----------------------------------------------------------------------------

// The server counts characters (code points), JavaScript UTF-16: where each one begins.
function places(text) {
  if (!/[\ud800-\udbff]/.test(text)) return null;
  const starts = [];
  let at = 0;
  for (const character of text) {
    starts.push(at);
    at += character.length;
  }
  starts.push(at);
  return starts;
}

function place(entity) {
  const { start_char: start, end_char: end } = entity;
  return state.places ? [state.places[start], state.places[end]] : [start, end];
}

function useOwn() {
  state.own = true;
  const thresholds = Object.values(state.card.thresholds);
  byId("threshold").value = Math.min(...thresholds);
  draw();
}

function shownEntities() {
  const boxes = byId("types").querySelectorAll("input:checked");
  const types = new Set([...boxes].map((box) => box.value));
  const threshold = Number(byId("threshold").value);
  const chosen = state.own
    ? state.ownEntities
    : state.entities.filter((each) => each.score > threshold);
  return chosen.filter((each) => types.has(each.type));
}

// Inner entities nearer to the text: each below all that it shares characters with and that are
// shorter. Returns pairs of entity and level.
function levels(entities) {
  const size = (entity) => entity.end_char - entity.start_char;
  const ordered = [...entities].sort((a, b) => size(a) - size(b) || a.start_char - b.start_char);
  const above = []; // of each level the ends of what is there, by start
  return ordered.map((entity) => {
    let level = 0;
    above.forEach((row, number) => {
      const meets = (other) =>
        entity.start_char < other.end_char && other.start_char < entity.end_char;
      if (row.some(meets)) level = number + 1;
    });
    (above[level] ||= []).push(entity);
    return [entity, level];
  });
}

function draw() {
  if (!state.card) return;
  const value = Number(byId("threshold").value);
  const own = new Set(Object.values(state.card.thresholds));
  const shown = state.own && own.size > 1 ? "by type" : value.toFixed(2);
  byId("threshold-value").textContent = shown;
  byId("threshold").setAttribute("aria-valuetext", shown);
  byId("own").setAttribute("aria-pressed", String(state.own));
  if (byId("result").hidden) return;
  const entities = shownEntities();
  byId("count").textContent =
    entities.length === 1 ? "1 entity" : `${entities.length.toLocaleString("en")} entities`;
  if (byId("shown").textContent !== state.text) byId("shown").textContent = state.text;
  drawMarks(entities);
  drawTable(entities);
}

function drawMarks(entities) {
  hideTip();
  const box = byId("marks");
  box.replaceChildren();
  if (!state.text) return;
  const drawn = levels(entities);
  const depth = 1 + Math.max(-1, ...drawn.map(([, level]) => level));
  // Room for the underlines below each line, the last one too; none above the first.
  const style = byId("shown").style;
  style.lineHeight = `${28 + depth * ROW}px`;
  style.marginTop = `${(-depth * ROW) / 2}px`;
  style.paddingBottom = `${(depth * ROW) / 2}px`;
  const node = byId("shown").firstChild;
  const origin = byId("view").getBoundingClientRect();
  const range = document.createRange();
  const number = new Map(entities.map((entity, index) => [entity, index]));
  // In the order of the text, which is that of the Tab key.
  drawn.sort(([a], [b]) => number.get(a) - number.get(b));
  const marks = [];
  for (const [entity, level] of drawn) {
    const [start, end] = place(entity);
    range.setStart(node, start);
    range.setEnd(node, end);
    inLines(range.getClientRects()).forEach((rect, part) => {
      const mark = element(part ? "span" : "button", "mark " + colour(entity.type), entity.type);
      if (!part) {
        mark.type = "button";
        mark.setAttribute("aria-label", described(entity));
      } else {
        mark.setAttribute("aria-hidden", "true");
      }
      mark.dataset.entity = number.get(entity);
      mark.dataset.level = level;
      mark.style.left = `${rect.left - origin.left - byId("view").clientLeft + 1}px`;
      mark.style.width = `${Math.max(rect.right - rect.left - 2, 2)}px`;
      mark.style.top = `${rect.bottom - origin.top - byId("view").clientTop + 1 + level * ROW}px`;
      marks.push(mark);
    });
  }
  box.append(...marks);
}

// A rectangle for each stretch of a line. The blank at the end of a line has one of its own, and so
// has each change of direction.
function inLines(rects) {
  const stretches = [];
  for (const { left, right, bottom } of rects) {
    const same = stretches.find(
      (other) =>
        Math.abs(other.bottom - bottom) < 2 && left <= other.right + 2 && right >= other.left - 2,
    );
    if (same) {
      same.left = Math.min(same.left, left);
      same.right = Math.max(same.right, right);
    } else if (right - left > 0.5) {
      stretches.push({ left, right, bottom });
    }
  }
  return stretches;
}

function drawTable(entities) {
  byId("rows").replaceChildren(
    ...entities.map((entity, number) => {
      const row = element("tr");
      row.dataset.entity = number;
      const text = element("td");
      text.append(element("bdi", "", entity.text));
      row.append(
        element("td", "kind " + colour(entity.type), entity.type),
        text,
        element("td", "number", entity.score.toFixed(3)),
        element("td", "number", `${entity.start_char}–${entity.end_char}`),
        element("td", "number", String(entity.sentence + 1)),
      );
      return row;
    }),
  );
}

function described(entity) {
  return `${entity.type} ${entity.score.toFixed(3)}: ${entity.text}`;
}

function light(number, mark) {
  hideTip();
  document.querySelectorAll(`[data-entity="${number}"]`).forEach((each) => {
    each.classList.add("on");
  });
  if (!mark) return;
  const tip = byId("tip");
  tip.textContent = described(shownEntities()[number]);
  tip.hidden = false;
  const rect = mark.getBoundingClientRect();
  const left = Math.min(rect.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(left, 8) + window.scrollX}px`;
  tip.style.top = `${rect.bottom + 4 + window.scrollY}px`;
}

function hideTip() {
  byId("tip").hidden = true;
  document.querySelectorAll(".on").forEach((each) => each.classList.remove("on"));
}

// --- downloads --------------------------------------------------------------------------------

function save(name, content, type) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// An entity over several lines is one of several fragments in brat.
function brat(entities) {
  const characters = Array.from(state.text);
  return entities
    .map((entity, index) => {
      const fragments = [];
      let start = null;
      for (let at = entity.start_char; at <= entity.end_char; at++) {
        const inside = at < entity.end_char && !/[\r\n]/.test(characters[at]);
        if (inside && start === null) start = at;
        if (!inside && start !== null) {
          fragments.push([start, at]);
          start = null;
        }
      }
      const spans = fragments.map((fragment) => fragment.join(" ")).join(";");
      const texts = fragments.map(([from, to]) => characters.slice(from, to).join(""));
      const type = entity.type.replace(/\s/g, "_");
      return `T${index + 1}\t${type} ${spans}\t${texts.join(" ")}\n`;
    })
    .join("");
}

// A page that stands alone and runs nothing. Pieces between two ends have the same entities.
function standalone(entities) {
  const made = document.implementation.createHTMLDocument("Entities");
  const meta = made.createElement("meta");
  meta.setAttribute("charset", "utf-8");
  made.head.prepend(meta);
  const style = getComputedStyle(document.documentElement);
  const paint = (entity) => style.getPropertyValue("--" + colour(entity.type)).trim();
  const put = (parent, name, content, css) => {
    const child = made.createElement(name);
    child.textContent = content;
    if (css) child.style.cssText = css;
    parent.append(child);
    return child;
  };
  const drawn = levels(entities);
  const depth = 1 + Math.max(-1, ...drawn.map(([, level]) => level));
  const page = style.getPropertyValue("--page").trim();
  const ink = style.getPropertyValue("--ink").trim();
  made.body.style.cssText =
    `font: 18px/${32 + depth * 5}px sans-serif; max-width: 60rem; margin: 2rem auto; ` +
    `padding: 0 1rem; background: ${page}; color: ${ink}`;
  const body = put(made.body, "div", "", "white-space: pre-wrap; unicode-bidi: plaintext");
  body.setAttribute("dir", "auto");
  const spans = drawn.map(([entity, level]) => [entity, level, ...place(entity)]);
  const ends = new Set([0, state.text.length]);
  spans.forEach(([, , start, end]) => ends.add(start).add(end));
  const bounds = [...ends].sort((a, b) => a - b);
  bounds.slice(1).forEach((end, index) => {
    const start = bounds[index];
    const over = spans.filter((span) => span[2] < end && span[3] > start);
    const deepest = 1 + Math.max(-1, ...over.map((span) => span[1]));
    const lines = over.map(([entity, level]) => {
      const line = `linear-gradient(${paint(entity)}, ${paint(entity)})`;
      return `${line} 0 calc(100% - ${(deepest - 1 - level) * 5}px) / 100% 3px no-repeat`;
    });
    const css = lines.length
      ? `background: ${lines.join(", ")}; padding-bottom: ${deepest * 5}px`
      : "";
    const piece = put(body, "span", state.text.slice(start, end), css);
    if (over.length) piece.title = over.map(([entity]) => described(entity)).join("\n");
  });
  const list = put(made.body, "ul", "", "line-height: 1.5");
  entities.forEach((entity) => {
    put(list, "li", described(entity), `color: ${paint(entity)}`);
  });
  return "<!DOCTYPE html>\n" + made.documentElement.outerHTML;
}

const DOWNLOADS = {
  json: (entities) => {
    const content = { text: state.text, entities };
    save("entities.json", JSON.stringify(content, null, 2) + "\n", "application/json");
  },
  brat: (entities) => {
    save("entities.txt", state.text, "text/plain");
    save("entities.ann", brat(entities), "text/plain");
  },
  html: (entities) => save("entities.html", standalone(entities), "text/html"),
};

// --- what the user does -----------------------------------------------------------------------

function start() {
  const text = byId("text");
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      find();
    }
  });
  const read = async (file) => {
    if (!file) return;
    try {
      const content = await file.arrayBuffer();
      text.value = new TextDecoder("utf-8", { fatal: true }).decode(content);
    } catch (error) {
      const reason = error instanceof TypeError ? "is not UTF-8" : "cannot be read";
      showError(new Error(`${file.name} ${reason}; allowed is a file of text.`));
      return;
    }
    find();
  };
  byId("file").addEventListener("change", (event) => {
    read(event.target.files[0]);
    event.target.value = ""; // so that the same file can be opened again
  });
  text.addEventListener("dragover", (event) => {
    event.preventDefault();
    text.classList.add("over");
  });
  text.addEventListener("dragleave", () => text.classList.remove("over"));
  text.addEventListener("drop", (event) => {
    text.classList.remove("over");
    const dropped = event.dataTransfer.getData("text/plain");
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      read(event.dataTransfer.files[0]);
    } else if (dropped) {
      text.value = dropped;
      find();
    }
  });
  byId("token").addEventListener("change", (event) => {
    sessionStorage.setItem("token", event.target.value);
    showError(null);
    loadModel().catch(showError);
  });
  byId("threshold").addEventListener("input", () => {
    state.own = false;
    draw();
  });
  byId("own").addEventListener("click", () => state.card && useOwn());
  document.querySelectorAll("[data-format]").forEach((button) => {
    button.addEventListener("click", () => DOWNLOADS[button.dataset.format](shownEntities()));
  });
  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const marked = event.target.closest?.("[data-entity]");
      if (!marked) {
        hideTip();
      } else {
        light(marked.dataset.entity, marked.classList.contains("mark") ? marked : null);
      }
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return;
    width = entry.contentRect.width;
    draw();
  }).observe(byId("view"));
  loadModel().catch(showError);
}

start();
