"use strict";
// Tables of class "sortable" are sorted by a click on a header, and filtered by a text. Without a script they are plain.

function key(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = Number.parseFloat(text.replace(/,/g, ""));
  return Number.isNaN(number) ? text : number;
}

function compared(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b));
}

function sort(table, column, descending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((a, b) => compared(key(a, column), key(b, column)));
  if (descending) rows.reverse();
  body.append(...rows);
  [...table.tHead.rows[0].cells].forEach((cell, place) => {
    if (place === column) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
}

function filter(table, text, told) {
  const wanted = text.trim().toLowerCase();
  let count = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
    count += !row.hidden;
  }
  told.textContent = wanted ? `${count} of ${table.tBodies[0].rows.length}` : "";
}

function enhance(root) {
  for (const table of root.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      if (!cell.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...cell.childNodes);
      button.addEventListener("click", () => sort(table, column, cell.getAttribute("aria-sort") === "ascending"));
      cell.append(button);
    });
    const label = document.createElement("label");
    const field = document.createElement("input");
    const told = document.createElement("span");
    field.type = "search";
    told.className = "soft";
    told.setAttribute("role", "status");
    label.className = "filter";
    label.append("Show rows with ", field, " ", told);
    field.addEventListener("input", () => filter(table, field.value, told));
    (table.closest(".wide") ?? table).before(label);
  }
}

enhance(document);
