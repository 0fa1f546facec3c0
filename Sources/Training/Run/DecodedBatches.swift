import Datasets
import Foundation
import Networks
import Tensors
import Video

/// Combines loaded clips into tensors.
struct BatchAssembler {
  let options: ClipOptions
  let graph: SkeletonGraph
  /// Positions in the training list by name.
  let rows: [String: Int]
  let device: Device

  func batch(_ loaded: [LoadedClip]) throws(TensorError) -> Batch {
    var batch = Batch(
      names: loaded.map(\.clip.name), rows: loaded.map { rows[$0.clip.name] ?? 0 }, labels: loaded.map(\.clip.label))
    guard !loaded.isEmpty else { return batch }
    if options.content.contains(.video) {
      let size = options.preprocessing.size
      // The axes are already in channels-last order.
      batch.clips = try Tensor.pixels(
        joined(loaded.map(\.pixels)), [loaded.count, options.loadedFrames, size, size, 3], on: device
      ).permuted([0, 4, 1, 2, 3])
    }
    if options.content.contains(.pose) { batch.poses = try poses(loaded.map(\.pose)) }
    if options.content.contains(.windowPose) { batch.windowPoses = try poses(loaded.map(\.windowPose)) }
    return batch
  }

  private func poses(_ clips: [[Float]]) throws(TensorError) -> Tensor {
    let values = joined(clips)
    let cells = clips.count * 3 * graph.jointCount * graph.bodies
    return try Tensor.of(
      values, [clips.count, 3, values.count / cells, graph.jointCount, graph.bodies], on: device)
  }

  private func joined<Value>(_ parts: [[Value]]) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for part in parts { values += part }
    return values
  }
}

/// A stream of loaded clips as batches, assembled on a separate thread one batch ahead of the trainer.
final class DecodedBatches: BatchSequence {
  private let assembly: Assembly
  private let repeatsLast: Bool
  private var last: Batch?
  private(set) var waited = Duration.zero
  private(set) var skipped: [(name: String, reason: String)] = []

  /// `repeatsLast` replaces a batch in which no clip could be read: a rank that skipped a step would block the others.
  init(_ stream: BatchStream, _ assembler: BatchAssembler, repeatsLast: Bool) {
    assembly = Assembly(stream, assembler)
    self.repeatsLast = repeatsLast
    assembly.start()
  }

  deinit { assembly.cancel() }

  func next() throws -> Batch? {
    let begin = ContinuousClock.now
    defer { waited += ContinuousClock.now - begin }
    guard let made = try assembly.next() else { return nil }
    skipped = made.skipped
    if made.batch.count == 0, repeatsLast, let last { return last }
    if repeatsLast { last = made.batch }
    return made.batch
  }
}

/// Assembles batches on its own thread, and hands over the next one.
///
/// `@unchecked Sendable`: everything mutable is accessed under `condition` only, and a batch belongs to whoever took
/// it.
private final class Assembly: @unchecked Sendable {
  struct Made {
    var batch: Batch
    /// Clips skipped so far, including this batch.
    var skipped: [(name: String, reason: String)]
  }

  private let stream: BatchStream
  private let assembler: BatchAssembler
  private let condition = NSCondition()
  /// Assembled but not taken; a `nil` inside marks the end.
  private var ready: Result<Made?, any Error>?
  private var isCancelled = false

  init(_ stream: BatchStream, _ assembler: BatchAssembler) {
    self.stream = stream
    self.assembler = assembler
  }

  func start() {
    let thread = Thread { [self] in work() }
    thread.name = "assembler"
    thread.start()
  }

  func next() throws -> Made? {
    condition.lock()
    defer { condition.unlock() }
    while ready == nil { condition.wait() }
    guard let outcome = ready else { preconditionFailure("the wait above ends with an outcome") }
    // The end, or the error that caused it, is kept for later calls.
    if case .success(.some) = outcome {
      ready = nil
      condition.broadcast()
    }
    return try outcome.get()
  }

  func cancel() {
    condition.lock()
    isCancelled = true
    condition.broadcast()
    condition.unlock()
    stream.cancel()
  }

  private func work() {
    while true {
      let outcome = Result { try make() }
      condition.lock()
      while ready != nil, !isCancelled { condition.wait() }
      let isOver = isCancelled
      if !isOver { ready = outcome }
      condition.broadcast()
      condition.unlock()
      guard !isOver, case .success(.some) = outcome else { return }
    }
  }

  private func make() throws -> Made? {
    guard let loaded = try stream.next() else { return nil }
    return Made(batch: try assembler.batch(loaded), skipped: stream.skipped)
  }
}
