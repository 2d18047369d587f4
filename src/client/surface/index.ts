/** Every exposed function. A function that is not here is reached by the host through `components.…` alone. */
import { isRow } from "../../contract/row.js";
import { contract } from "./keys.generated.js";
import { further, mapped } from "./mapped.js";
import { exposedRow, type LibName, type SurfaceRow } from "./row.js";

/** What the contract's rows say by themselves, by the exposed key. */
function exposedRows(): Record<string, SurfaceRow> {
  const rows: Record<string, SurfaceRow> = {};
  for (const [fn, row] of contract.flatMap((file) => Object.entries<unknown>(file))) {
    if (!isRow(row)) continue;
    // Every row of the contract is a function of `lib`: both are made of it.
    const exposed = exposedRow(fn as LibName, row);
    if (exposed) rows[row.as ?? fn] = exposed;
  }
  return rows;
}

export const surface: Readonly<Record<string, SurfaceRow>> = { ...exposedRows(), ...mapped, ...further };
