import Basics
import Networks
import Settings
package import Tensors

/// Repeats a training step of the student on generated clips, to measure its speed.
package final class StepBenchmark {
  /// Durations of a step's parts in seconds.
  package struct Times: Sendable {
    package var forward: Double
    package var backward: Double
    package var update: Double
    package var total: Double { forward + backward + update }
  }

  private let module: ClipNetwork
  private let optimizer: Optimizer
  private let clips: Tensor
  private let labels: Tensor
  private let device: Device
  private let precision: TrainingPrecision

  /// - Parameters:
  ///   - frames: frames per clip.
  ///   - size: height and width of a clip.
  ///   - batch: clips per step.
  ///   - width: factor on the channels.
  ///   - device: where to compute.
  ///   - precision: precision of the forward pass.
  /// - Throws: `NetworkError`, `TensorError`.
  package init(
    frames: Int, size: Int, batch: Int, width: Double, device: Device, precision: TrainingPrecision
  ) throws {
    let classes = 31
    let network = try StudentNetwork(
      width: WidthMultiplier(width), frames: frames, size: size, classes: classes, nonLocal: .subSampled)
    module = try ClipNetwork(network, from: InitialParameters(seed: 1), on: device)
    optimizer = try Optimizer(.sgd(momentum: 0.9, nesterov: true))
    try optimizer.addGroup(module.parameters.learned.map(\.tensor), weightDecay: 1e-7)
    var random = SplitMix64(seed: 2)
    let row = (0..<3 * size).map { _ in Float.random(in: -1...1, using: &random) }
    clips = try Tensor.of(row, [1, 3, 1, 1, size], on: device)
      .expanded([batch, 3, frames, size, size]).channelsLast()
    labels = try Tensor.of((0..<batch).map { Int64($0 % classes) }, [batch], on: device)
    self.device = device
    self.precision = precision
  }

  /// Runs one step.
  package func step() throws(TensorError) -> Times {
    let mode = ForwardMode(dropout: 0.5, usesBatchStatistics: true)
    let begin = ContinuousClock.now
    try optimizer.clearGradients()
    let loss = try withAutocast(precision == .bfloat16, on: device) { () throws(TensorError) in
      try module(clips, mode).logits.crossEntropy(labels)
    }
    try device.synchronize()
    let forwarded = ContinuousClock.now
    try loss.backward()
    try device.synchronize()
    let differentiated = ContinuousClock.now
    try optimizer.step(learningRates: [0.001])
    try device.synchronize()
    let end = ContinuousClock.now
    return Times(
      forward: (forwarded - begin) / .seconds(1), backward: (differentiated - forwarded) / .seconds(1),
      update: (end - differentiated) / .seconds(1))
  }
}
