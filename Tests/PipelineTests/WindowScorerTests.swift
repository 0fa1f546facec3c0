import Golden
import Inference
import ModelFile
import Networks
import Testing
import Video

@testable import Pipeline

/// What streams keep between windows, and that it does not change the results.
@Suite struct `Memory of streams` {
  private let network: StudentNetwork
  private let engine: ClipEngine

  init() throws {
    network = try StudentNetwork(
      width: WidthMultiplier(0.0625), frames: 16, size: 112, classes: 3, nonLocal: .none, head: .meanOverSteps)
    engine = try ClipEngine(
      network: network, parameters: FormulaWeights(seed: 1), precision: .f32, threads: 1, mode: .incremental(hop: 2))
  }

  /// A stream's ring, and its windows a hop apart.
  private struct Source {
    var ring = FrameRing(capacity: 16, size: 112)
    var next = 0

    mutating func window(after samples: Int = 2) -> ClipWindow {
      repeat {
        let sample = Sample(
          index: next, time: .seconds(next), frameTime: .seconds(next), sequence: next, beginsRun: next == 0)
        ring.append(sample, picture: [UInt8](repeating: UInt8(truncatingIfNeeded: next * 7), count: 112 * 112 * 3))
        next += 1
      } while !ring.isWindowDue(hop: samples)
      var window = ClipWindow(frames: 16, size: 112)
      ring.copyWindow(into: &window)
      return window
    }
  }

  private func stream(_ person: Int) -> WindowStream { WindowStream(person: person) }

  @Test func `goes on from the window before, and begins anew where pictures were cut anew`() throws {
    let memory = StreamMemory(engine, most: .max, hop: .seconds(2))
    var source = Source()
    #expect(try memory.room(for: source.window(), of: stream(1), engine)?.shift == .none)
    #expect(try memory.room(for: source.window(), of: stream(1), engine)?.shift == 2)
    // A hop was skipped.
    _ = source.window()
    #expect(try memory.room(for: source.window(), of: stream(1), engine)?.shift == 4)
    source.ring.removeAll()
    #expect(try memory.room(for: source.window(), of: stream(1), engine)?.shift == .none)
    // Another person's windows are unrelated.
    #expect(try memory.room(for: source.window(), of: stream(2), engine)?.shift == .none)
    #expect(memory.byteCount == 2 * engine.cacheBytes)
  }

  @Test func `is bounded, and passes to others once its stream has stopped`() throws {
    let memory = StreamMemory(engine, most: engine.cacheBytes, hop: .seconds(2))
    var (first, second) = (Source(), Source())
    #expect(try memory.room(for: first.window(), of: stream(1), engine) != nil)
    // While the first stream continues, there is no room for the second.
    for _ in 0..<5 {
      #expect(try memory.room(for: second.window(), of: stream(2), engine) == nil)
      #expect(try memory.room(for: first.window(), of: stream(1), engine)?.shift == 2)
    }
    for _ in 0..<10 { _ = second.window() }
    // Not while another scorer computes in it.
    #expect(try memory.room(for: second.window(), of: stream(2), engine) == nil)
    memory.leave(stream(1))
    #expect(try memory.room(for: second.window(), of: stream(2), engine) != nil)
    #expect(memory.byteCount == engine.cacheBytes)
    let none = StreamMemory(engine, most: engine.cacheBytes - 1, hop: .seconds(2))
    #expect(try none.room(for: first.window(), of: stream(1), engine) == nil)
  }

  @Test func `scores are the same with and without stream memory`() throws {
    let reference = try ClipEngine(
      network: network, parameters: FormulaWeights(seed: 1), precision: .f32, threads: 1)
    let memory = StreamMemory(engine, most: .max, hop: .seconds(2))
    var source = Source()
    for _ in 0..<6 {
      let window = source.window()
      let (cache, shift) = try #require(try memory.room(for: window, of: stream(1), engine))
      let found = try #require(try engine.run(pixels: window.pixels.span, after: shift, in: cache)?.first)
      let expected = try reference.run(pixels: window.pixels.span)[0]
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
    }
  }
}
