#!/usr/bin/env bash
# Packs the package, installs the tarball into an empty folder elsewhere, and uses it there: the command line, the import,
# and the types. Needs the npm registry.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
npm pack --silent --pack-destination "$work"
ls -l "$work"/biseq-*.tgz

mkdir "$work/app"
cd "$work/app"
npm init --yes >/dev/null
npm pkg set type=module >/dev/null
# Else onnxruntime-node fetches its CUDA libraries, which nothing here uses.
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent "$work"/biseq-*.tgz

npx biseq design example:gb1 --out plate --count 8 --starts 4 --steps 2
ls plate

cat >use.ts <<'TS'
import { designFromTable, loadTable, type DesignRow } from 'biseq';

const table = await loadTable('example:gb1');
const { rows } = await designFromTable(table, { count: 3, starts: 2, steps: 1 });
const [best]: DesignRow[] = rows;
if (rows.length !== 3 || best.sequence.length !== 56) throw new Error('unexpected designs');
console.log(`import: ${best.id} ${best.mutations}`);
TS
"$root/node_modules/.bin/tsc" --module nodenext --target es2022 --strict --outDir out \
  --typeRoots "$root/node_modules/@types" --types node use.ts
node out/use.js
echo 'the packed package works'
