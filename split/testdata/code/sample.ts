import type { Reader } from "./reader";

export interface Options<T> {
  size: number;
  map?: Map<string, Array<T>>
  done(value: T): void;
}

type Pair<A, B> = {
  left: A;
  right: B;
};

declare namespace Tools {
  function build(path: string): void;
}

abstract class Shape<T extends Options<T>> implements Reader {
  private readonly name: string = '{';

  constructor(private options: T) {
    super();
  }

  abstract area(): number;

  protected describe<K>(
    key: K,
    other: string,
  ): string {
    return `${key}: ${this.area()}`;
  }
}

export enum Color {
  Red = "RED",
  Green = "GREEN",
}

export const make = <T,>(options: T): Shape<T> =>
  new Circle(options);
