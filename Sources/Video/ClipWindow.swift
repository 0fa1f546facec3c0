/// One window of samples as input for the network; its storage is reused for every window.
package struct ClipWindow: Sendable {
  package let frames: Int
  package let size: Int
  /// frames·size·size·3 bytes: frame by frame, row by row, interleaved RGB.
  package private(set) var pixels: [UInt8]
  /// The properties of each sample, oldest first; empty until the window is filled.
  package private(set) var samples: [Sample]

  /// Windows with the same number show the same pictures for the samples they share.
  package private(set) var cut = 0

  package init(frames: Int = 64, size: Int = 224) {
    precondition(frames > 0 && size > 0)
    self.frames = frames
    self.size = size
    pixels = [UInt8](repeating: 0, count: frames * size * size * 3)
    samples = []
    samples.reserveCapacity(frames)
  }

  /// Index of the oldest sample; for this and everything below, the window must be filled.
  package var firstSample: Int { samples[0].index }
  package var lastSample: Int { samples[frames - 1].index }
  /// The tick of the oldest sample.
  package var firstTime: Duration { samples[0].time }
  package var lastTime: Duration { samples[frames - 1].time }
  /// From the first tick to the last: 63 sample periods for 64 frames.
  package var duration: Duration { lastTime - firstTime }

  /// How many samples show the same frame as the previous sample in the window.
  package var repeated: Int { samples.dropFirst().count(where: \.isRepeat) }

  /// How many frames were lost after the first sample's frame, up to the last sample's.
  ///
  /// Lost frames are those missing from the source's own count, and those that could not be decoded or converted, but
  /// not those that were just not nearest to a tick, as with a fast camera.
  package var dropped: Int { samples[frames - 1].lostBefore - samples[0].lostBefore }

  /// Mean `motion` of the window's samples, in levels (0–255).
  package var motion: Float {
    frames == 1 ? 0 : samples.dropFirst().reduce(0) { $0 + $1.motion } / Float(frames - 1)
  }

  mutating func removeAll(cut: Int) {
    self.cut = cut
    pixels.removeAll(keepingCapacity: true)
    samples.removeAll(keepingCapacity: true)
  }

  mutating func append(_ sample: Sample, _ picture: [UInt8]) {
    samples.append(sample)
    pixels.append(contentsOf: picture)
  }
}
