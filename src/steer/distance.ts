// Distance on the globe. Points become vectors once, since a client map measures millions of distances.

/** A place with both coordinates known, in degrees, north and east positive. */
export interface Point {
  readonly latitude: number
  readonly longitude: number
}

/** A point on the unit sphere. */
export interface Vector {
  readonly x: number
  readonly y: number
  readonly z: number
}

/** Mean radius of the earth, km. */
const EARTH_RADIUS = 6371

/** Great-circle distance in km, from the chord: exact for neighbours too, where the cosine is not. */
export function distanceBetween(a: Vector, b: Vector): number {
  const x = a.x - b.x
  const y = a.y - b.y
  const z = a.z - b.z
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(x * x + y * y + z * z) / 2))
}

export function vectorOf({ latitude, longitude }: Point): Vector {
  const north = radians(latitude)
  const east = radians(longitude)
  return { x: Math.cos(north) * Math.cos(east), y: Math.cos(north) * Math.sin(east), z: Math.sin(north) }
}

/** The point that coordinates give, or undefined when one of them is unknown. */
export function pointOf(place: Partial<Point> | undefined): Point | undefined {
  const { latitude, longitude } = place ?? {}
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude }
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
