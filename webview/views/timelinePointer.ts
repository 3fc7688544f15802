// Pointing, dragging and turning the wheel over the timeline.

export interface PointerActions {
  readonly zoomAt: (x: number, factor: number) => void;
  readonly panPixels: (pixels: number) => void;
  /** Whether there is something at the place; a negative x: the pointer has left. */
  readonly point: (x: number, y: number) => boolean;
  readonly choose: (x: number, y: number) => void;
}

const dragPixels = 4;

export function listenToPointer(canvas: HTMLCanvasElement, actions: PointerActions): void {
  let pressedAt: number | null = null;
  let lastX = 0;
  let isDragging = false;
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        actions.panPixels(event.deltaX || event.deltaY);
      } else {
        actions.zoomAt(event.offsetX, Math.exp(event.deltaY * 0.002));
      }
    },
    { passive: false },
  );
  canvas.addEventListener('pointerdown', (event) => {
    pressedAt = event.offsetX;
    lastX = event.offsetX;
    isDragging = false;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
    if (pressedAt === null) {
      canvas.classList.toggle('is-pointing', actions.point(offsetX, offsetY));
      return;
    }
    isDragging ||= Math.abs(offsetX - pressedAt) > dragPixels;
    if (isDragging) {
      actions.point(-1, 0);
      actions.panPixels(lastX - offsetX);
      lastX = offsetX;
    }
  });
  canvas.addEventListener('pointerup', ({ offsetX, offsetY }) => {
    if (!isDragging && pressedAt !== null) {
      actions.choose(offsetX, offsetY);
    }
    pressedAt = null;
  });
  canvas.addEventListener('pointercancel', () => {
    pressedAt = null;
  });
  canvas.addEventListener('pointerleave', () => actions.point(-1, 0));
}
