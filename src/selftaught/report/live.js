"use strict";
// The page of a running run: on an event it fetches itself and updates its contents, but not what the reader opened.

const told = document.getElementById("live");

function opened(root) {
  return [...root.querySelectorAll("details")].filter((one) => one.open).map((one) => one.firstElementChild.textContent);
}

function kept(root) {
  const written = new Map();
  for (const field of root.querySelectorAll("[data-key]")) written.set(field.dataset.key, field.type === "checkbox" ? field.checked : field.value);
  const searched = [...root.querySelectorAll("input[type=search]")].map((one) => one.value);
  const sorted = [...root.querySelectorAll("table.sortable")].map((table) => {
    const cells = [...table.tHead.rows[0].cells];
    const column = cells.findIndex((cell) => cell.hasAttribute("aria-sort"));
    return [column, column >= 0 && cells[column].getAttribute("aria-sort") === "descending"];
  });
  return { open: new Set(opened(root)), written, searched, sorted, focus: document.activeElement?.dataset?.key };
}

function restore(root, was) {
  for (const one of root.querySelectorAll("details")) {
    if (was.open.has(one.firstElementChild.textContent)) one.open = true;
  }
  for (const field of root.querySelectorAll("[data-key]")) {
    const before = was.written.get(field.dataset.key);
    if (before && field.type === "checkbox") field.checked = true;
    else if (before) field.value = before;
    if (was.focus === field.dataset.key) field.focus();
  }
  [...root.querySelectorAll("table.sortable")].forEach((table, place) => {
    const [column, descending] = was.sorted[place] ?? [-1, false];
    if (column >= 0) sort(table, column, descending);
  });
  [...root.querySelectorAll("input[type=search]")].forEach((field, place) => {
    field.value = was.searched[place] ?? "";
    field.dispatchEvent(new Event("input"));
  });
}

let asking = false;
let again = false;

async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const name of ["header", "main"]) {
      const old = document.querySelector(name);
      const was = kept(old);
      const now = document.importNode(fresh.querySelector(name), true);
      old.replaceWith(now);
      enhance(now);
      restore(now, was);
    }
    told.textContent = `live, as of ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    told.textContent = `cannot be brought up to date (${error.message})`;
  } finally {
    asking = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

const events = new EventSource(document.body.dataset.events);
events.addEventListener("open", () => { told.textContent = "live"; });
events.addEventListener("changed", refresh);
events.addEventListener("gone", () => { told.textContent = "the run's folder is gone"; });
events.addEventListener("error", () => { told.textContent = "the server does not answer; trying again"; });
