// Where a session's code runs, in the words of the wire and of Markdown.

import { toInline, toInlineCode } from '../base/markdown';
import type { SandboxPlace } from '../core/sandbox';

export function toPlaceView({
  backend,
  engine,
  image,
  imageDigest,
  walls,
  fallback,
}: SandboxPlace) {
  return {
    backend,
    engine,
    image,
    image_digest: imageDigest,
    walls: [...walls],
    fallback: fallback && { ...fallback },
  };
}

type PlaceView = ReturnType<typeof toPlaceView>;

export function toPlaceMarkdown({ backend, engine, image, walls, fallback }: PlaceView): string {
  const where = [backend, ...(image === null ? [] : [image])].map(toInlineCode).join(' ');
  const behind = walls.length === 0 ? '' : ` (${walls.map(toInline).join(', ')})`;
  const instead =
    fallback === null
      ? ''
      : `\n\n**Note:** backend ${toInlineCode(fallback.from)} was asked for and could not be had: ${toInline(fallback.reason)}`;
  return `**Runs in** ${where}, ${toInline(engine)}${behind}${instead}`;
}

/** In brief replies: not where everything usually is. */
export function toNotablePlace(place: SandboxPlace): { readonly sandbox?: PlaceView } {
  return place.backend === 'wasm' && place.fallback === null ? {} : { sandbox: toPlaceView(place) };
}
