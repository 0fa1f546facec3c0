import Testing
import Video

/// A camera whose picture shows its time: grey level and the position of a bar change with it.
private func sceneFrame(_ time: Duration, sequence: Int, format: PixelFormat = .grey) -> Frame {
  var frame = Frame()
  frame.timestamp = time
  frame.sequence = sequence
  frame.format = format
  frame.size = FrameSize(width: 8, height: 8)
  frame.color = ColorDescription(matrix: .bt601, range: .full)
  let milliseconds = Int(time / .milliseconds(1))
  frame.bytes = [UInt8](repeating: UInt8(milliseconds / 10 % 256), count: 64)
  frame.byteCount = 64
  frame.planes = format == .mjpeg ? [] : [Frame.Plane(offset: 0, rowBytes: 8)]
  return frame
}

private struct Undecodable: Error {}

private func refuse(_: Frame, _: inout Frame) throws { throw Undecodable() }

struct SampleStreamTests {
  private func level(_ frameTime: Duration) -> UInt8 { UInt8(Int(frameTime / .milliseconds(1)) / 10 % 256) }

  @Test(arguments: [SampleRate(10), SampleRate(25), SampleRate(30), SampleRate(60), SampleRate(30000, per: 1001)])
  func `a scene gives the samples nearest to the ticks at any frame rate`(rate: SampleRate) {
    var sampler = FrameSampler(ClipPreprocessing(size: 4))
    var samples: [Sample] = []
    let half = rate.offset(ofTick: 1) / 2 + .nanoseconds(1)
    for index in 0..<Int(5 * rate.hertz) {
      var frame = sceneFrame(.seconds(50) + rate.offset(ofTick: index), sequence: index)
      sampler.push(&frame, decode: refuse) { (sample, picture) in
        #expect(picture.allSatisfy { $0 == level(sample.frameTime) })
        samples.append(sample)
      }
    }
    #expect(samples.map(\.index) == Array(0..<samples.count))
    #expect((70...75).contains(samples.count))
    for sample in samples {
      #expect(sample.time == .seconds(50) + SampleRate(15).offset(ofTick: sample.index))
      #expect(sample.time - sample.frameTime <= half && sample.frameTime - sample.time <= half)
    }
    let repeats = zip(samples, samples.dropFirst()).count { $0.sequence == $1.sequence }
    #expect(sampler.counters.repeated == repeats)
    #expect(sampler.counters.lost == 0)
  }

  @Test func `windows are due when the ring is full and at every hop, none skipped`() {
    // 5 fps at 15 Hz: three samples per frame, so that one push can give several windows.
    var stream = SampleStream(ClipPreprocessing(size: 4), frames: 8, hop: 2)
    var window = ClipWindow(frames: 8, size: 4)
    var ends: [Int] = []
    for index in 0..<12 {
      var frame = sceneFrame(SampleRate(5).offset(ofTick: index), sequence: index)
      let progress = stream.push(&frame, decode: refuse) { (ring) in
        ring.copyWindow(into: &window)
        ends.append(window.lastSample)
        #expect(window.lastSample - window.firstSample == 7)
      }
      #expect(progress.samples == (index == 0 ? 1 : 3))
    }
    #expect(ends == Array(stride(from: 7, to: 34, by: 2)))
    #expect(stream.ring.isFull)
  }

  @Test func `no window of samples spans a gap`() {
    var stream = SampleStream(ClipPreprocessing(size: 4), frames: 8, hop: 1)
    var window = ClipWindow(frames: 8, size: 4)
    var longest = Duration.zero
    var windows = 0
    for index in 0..<60 {
      let time = SampleRate(15).offset(ofTick: index) + (index < 30 ? .zero : .seconds(3))
      var frame = sceneFrame(time, sequence: index)
      _ = stream.push(&frame, decode: refuse) { (ring) in
        ring.copyWindow(into: &window)
        longest = max(longest, window.duration)
        windows += 1
      }
      if index == 30 { #expect(stream.ring.count == 1) }
    }
    #expect(longest < .milliseconds(470))
    #expect(windows == 2 * 23)
    #expect(stream.sampler.counters.restarts == 1)
  }

  @Test func `frames the source lost are counted, frames nobody needed are not`() {
    var stream = SampleStream(ClipPreprocessing(size: 4), frames: 4, hop: 1)
    var window = ClipWindow(frames: 4, size: 4)
    var dropped: [Int] = []
    for index in 0..<20 where index != 9 && index != 10 {
      var frame = sceneFrame(SampleRate(30).offset(ofTick: index), sequence: index)
      _ = stream.push(&frame, decode: refuse) { (ring) in
        ring.copyWindow(into: &window)
        dropped.append(window.dropped)
      }
    }
    #expect(stream.sampler.counters.lost == 2)
    // Samples at frames 0 2 4 6 8 11 12 14 16 18; frame 10 is replaced by its neighbour 11.
    #expect(dropped == [0, 0, 2, 2, 2, 0, 0])
  }

  @Test func `only chosen frames are decoded, once each, and a bad one counts as missing`() {
    var sampler = FrameSampler(ClipPreprocessing(size: 4))
    var decodedFrames: [Int] = []
    var shown: [Int] = []
    for index in 0..<13 {
      var frame = sceneFrame(SampleRate(30).offset(ofTick: index), sequence: index, format: .mjpeg)
      sampler.push(&frame) { (jpeg, picture) in
        decodedFrames.append(jpeg.sequence)
        if jpeg.sequence == 4 { throw Undecodable() }
        picture = sceneFrame(jpeg.timestamp, sequence: jpeg.sequence)
      } emit: { (sample, picture) in
        #expect(picture.allSatisfy { $0 == level(sample.frameTime) })
        shown.append(sample.sequence)
      }
    }
    // Frame 4 fails at its tick; of 3 and 5, equally near to within a nanosecond, the earlier one takes it.
    #expect(shown == [0, 2, 3, 6, 8, 10, 12] || shown == [0, 2, 5, 6, 8, 10, 12])
    #expect(decodedFrames.count == 8)
    #expect(sampler.counters.unusable == 1)
    #expect(sampler.counters.lost == 1)
    #expect(sampler.lastFailure is Undecodable)
  }

  @Test func `a frame that fails when its tick is settled later leaves the tick to the next frame`() {
    var sampler = FrameSampler(ClipPreprocessing(size: 4))
    var shown: [Int] = []
    for (index, time) in [0, 60, 110, 133].enumerated() {
      var frame = sceneFrame(.milliseconds(time), sequence: index, format: .mjpeg)
      sampler.push(&frame) { (jpeg, picture) in
        if jpeg.sequence == 1 { throw Undecodable() }
        picture = sceneFrame(jpeg.timestamp, sequence: jpeg.sequence)
      } emit: { (sample, _) in
        shown.append(sample.sequence)
      }
    }
    #expect(shown == [0, 2])
  }

  @Test func `a stream of only bad frames gives nothing, and recovers`() {
    var sampler = FrameSampler(ClipPreprocessing(size: 4))
    var shown: [Sample] = []
    for index in 0..<200 {
      var frame = sceneFrame(SampleRate(60).offset(ofTick: index), sequence: index)
      // Good, then two seconds of truncated frames, then good.
      if (30..<150).contains(index) { frame.byteCount = 3 }
      sampler.push(&frame, decode: refuse) { (sample, _) in shown.append(sample) }
    }
    #expect(shown.allSatisfy { !(30..<150).contains($0.sequence) })
    #expect(sampler.counters.restarts == 1)
    #expect(shown.last?.sequence == 198)
    #expect(shown.count { $0.beginsRun } == 2)
  }

  @Test func `frame and stream swap storage instead of copying`() {
    var sampler = FrameSampler(ClipPreprocessing(size: 4))
    var first = sceneFrame(.zero, sequence: 0)
    var second = sceneFrame(.milliseconds(30), sequence: 1)
    sampler.push(&first, decode: refuse) { (_, _) in }
    sampler.push(&second, decode: refuse) { (_, _) in }
    #expect(second.sequence == 0)
  }

  @Test func `the end of a stream settles the last frame's tick`() {
    var stream = SampleStream(ClipPreprocessing(size: 4), frames: 2, hop: 1)
    var windows = 0
    for (index, time) in [0, 33, 65].enumerated() {
      var frame = sceneFrame(.milliseconds(time), sequence: index)
      _ = stream.push(&frame, decode: refuse) { (_) in windows += 1 }
    }
    #expect(windows == 0)
    let end = stream.finish(decode: refuse) { (_) in windows += 1 }
    #expect(end.samples == 1)
    #expect(end.windows == 1)
    #expect(windows == 1)
  }

  @Test func `motion is the mean change of luma between samples`() {
    var sampler = FrameSampler(ClipPreprocessing(size: 4))
    var motion: [Float] = []
    for (index, time) in [0, 100, 200, 300, 5000].enumerated() {
      var frame = sceneFrame(.milliseconds(time), sequence: index)
      sampler.push(&frame, decode: refuse) { (sample, _) in motion.append(sample.motion) }
    }
    // Levels 0, 10, 20, 30, 100 ms apart; repeated frames have no motion, nor does the first one of a new run.
    #expect(motion == [0, 10, 0, 10, 10, 0])
  }

  @Test func `an error thrown by the receiver reaches the caller`() {
    var sampler = FrameSampler(ClipPreprocessing(size: 4))
    var frame = sceneFrame(.zero, sequence: 0)
    #expect(throws: Undecodable.self) {
      try sampler.push(&frame, decode: refuse) { (_, _) throws(Undecodable) in throw Undecodable() }
    }
  }
}
