import { expect, test } from 'vitest';
import { viewShowing } from './view-showing.ts';

const canvas = { width: 880, height: 488 };
const atOnce = { x: 0, y: 0, zoom: 1 };
const card = (x: number, y: number) => ({ x, y, width: 200, height: 150 });

test('what is in the view leaves it where it is, at its very edge too', () => {
  expect(viewShowing(atOnce, canvas, card(300, 100))).toBe(atOnce);
  expect(viewShowing(atOnce, canvas, card(680, 338))).toBe(atOnce);
});

test('what lies outside is fetched by the shortest way, clear of the edges', () => {
  expect(viewShowing(atOnce, canvas, card(700, 100))).toEqual({ x: -60, y: 0, zoom: 1 });
  expect(viewShowing(atOnce, canvas, card(-500, 600))).toEqual({ x: 540, y: -322, zoom: 1 });
  // One that is taller than the view begins where the view does.
  const tall = { ...card(100, 200), height: 900 };
  expect(viewShowing(atOnce, canvas, tall)).toEqual({ x: 0, y: -172, zoom: 1 });
});

test('a card added beside a graph that fills the view is shown with it, unless that is too far away', () => {
  const graph = [card(40, 28), card(640, 28), card(40, 278)];
  const { x, y, zoom } = viewShowing(atOnce, canvas, card(340, 478), graph);
  expect(zoom).toBeCloseTo(400 / 600);
  for (const box of [...graph, card(340, 478)]) {
    expect(box.x * zoom + x).toBeGreaterThanOrEqual(40);
    expect(box.y * zoom + y).toBeGreaterThanOrEqual(27.9);
    expect((box.x + box.width) * zoom + x).toBeLessThanOrEqual(840);
    expect((box.y + box.height) * zoom + y).toBeLessThanOrEqual(428.1);
  }
  expect(viewShowing(atOnce, canvas, card(340, 1200), graph)).toEqual({ x: 0, y: -922, zoom: 1 });
});
