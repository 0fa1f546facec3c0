import Datasets
import Inference
package import ModelFile
package import Networks
import Tensors

/// Writes a trained student as a model for the daemon, and checks that both engines agree on it.
package struct StudentExport {
  /// Maximum difference between the engines' logits, relative to the largest logit.
  package static let tolerance = 1e-3

  package let checkpoint: TrainingCheckpoint
  package let network: StudentNetwork

  /// - Throws: `TrainingError.unsuitable` for a checkpoint of anything that needs poses.
  package init(_ checkpoint: TrainingCheckpoint) throws(TrainingError) {
    guard [.student, .rgb].contains(checkpoint.description.stage), let network = checkpoint.description.clip else {
      throw .unsuitable(
        path: checkpoint.path,
        reason:
          "it is of the stage \(checkpoint.description.stage.rawValue), which needs poses; the daemon runs students")
    }
    self.checkpoint = checkpoint
    self.network = network
  }

  /// - Parameters:
  ///   - path: the file to write; it appears only when complete.
  ///   - name: the model's.
  ///   - temperature: fitted on validation clips.
  ///   - sampleRate: samples per second used in training.
  ///   - training: what it was trained on and how well it does.
  ///   - type: how weights are stored.
  ///   - crop: how pictures of a scene became square.
  ///   - padding: what the trunk saw beyond a window.
  /// - Throws: `ModelFileError`.
  package func write(
    to path: String, name: String, temperature: Double, sampleRate: Double, training: String, type: ElementType,
    crop: ModelCard.Crop, padding: ModelCard.TemporalPadding
  ) throws {
    let card = ModelCard(
      network: network, name: name, labels: checkpoint.description.labels, sampleRate: sampleRate,
      temperature: temperature, training: training,
      region: checkpoint.description.region == .person ? .person : .scene, crop: crop, temporalPadding: padding)
    try StudentModel.write(to: path, card: card, type: type, from: checkpoint.parameters(.clip))
  }

  /// Runs the written model on both engines.
  ///
  /// - Parameters:
  ///   - path: the model file.
  ///   - clips: names and pixels [T, size, size, 3] of recorded clips.
  ///   - threads: number of cores for the live engine.
  /// - Returns: the largest difference, relative to the largest logit.
  /// - Throws: `TrainingError.disagreement` above the tolerance, which names the clip.
  package func compare(_ path: String, on clips: [(name: String, pixels: [UInt8])], threads: Int) throws -> Double {
    let model = try StudentModel(path: path)
    let engine = try ClipEngine(network: model.network, parameters: model, precision: .f32, threads: threads)
    let module = try ClipNetwork(model.network, from: model, on: .cpu)
    var worst = 0.0
    for (name, pixels) in clips {
      let live = try engine.run(pixels: pixels.span).first ?? []
      let size = network.size
      let input = try Tensor.of(pixels, [1, network.frames, size, size, 3]).to(.float32).affine(1 / 127.5, -1)
        .permuted([0, 4, 1, 2, 3])
      let trained = try withoutGradients { () throws(TensorError) in try module(input, .evaluation).logits.floats() }
      let scale = trained.map(abs).max() ?? 0
      let difference = zip(live, trained).map { abs($0 - $1) }.max() ?? .infinity
      let error = Double(difference / max(scale, .leastNormalMagnitude))
      guard error <= Self.tolerance else {
        throw TrainingError.disagreement(clip: name, error: error, allowed: Self.tolerance)
      }
      worst = max(worst, error)
    }
    return worst
  }
}
