import Networks

/// Derives a network's description from the shapes of its tensors.
struct StudentShape {
  private let shapes: [String: [Int]]
  private let path: String

  init(_ shapes: [String: [Int]], path: String) {
    self.shapes = shapes
    self.path = path
  }

  /// The network whose tensors have these shapes.
  ///
  /// - Parameters:
  ///   - frames: frames per window, for a head that does not determine it.
  ///   - size: height and width of the input, which no tensor determines.
  /// - Returns: a description; the caller must still check that every tensor agrees with it.
  /// - Throws: `ModelFileError.unsuitable` if a decisive tensor is missing or has an unexpected shape.
  func network(frames: Int, size: Int) throws(ModelFileError) -> StudentNetwork {
    guard let classes = shapes["logits.conv3d.weight"]?.first else {
      throw unsuitable("it lacks logits.conv3d.weight, which tells the number of classes")
    }
    let prefix = NonLocalBlock.prefix
    let nonLocal: StudentNetwork.NonLocal =
      if shapes[prefix + ".g.0.weight"] != nil || shapes[prefix + ".phi.0.weight"] != nil {
        .subSampled
      } else if shapes.keys.contains(where: { $0.hasPrefix(prefix + ".") }) {
        .full
      } else {
        .none
      }
    let head: StudentNetwork.Head = shapes["fc.weight"] == nil ? .meanOverSteps : .stepClassifier
    do {
      return try StudentNetwork(
        width: width(), frames: try self.frames(classes: classes) ?? frames, size: size, classes: classes,
        nonLocal: nonLocal, head: head)
    } catch {
      throw error as? ModelFileError ?? unsuitable("\(error)")
    }
  }

  /// The number of frames that the fully connected layer spans.
  private func frames(classes: Int) throws(ModelFileError) -> Int? {
    guard let shape = shapes["fc.weight"] else { return nil }
    guard shape.count == 2, classes > 0, shape[0] == classes, shape[1] % classes == 0, shape[1] / classes <= 1000 else {
      throw unsuitable(
        "fc.weight has shape \(shape); for \(classes) classes it must be [\(classes), \(classes) x steps]")
    }
    return (shape[1] / classes + 1) * 8
  }

  /// The simplest width multiplier that gives every layer its channels: a half, a quarter, …, then the shortest
  /// decimal.
  ///
  /// Channels are rounded to multiples of 8, so each layer allows a range; the answer lies in their intersection.
  private func width() throws(ModelFileError) -> WidthMultiplier {
    let layers: [(name: String, channels: Int)]
    do {
      layers = try StudentNetwork(classes: 1, nonLocal: .none, head: .meanOverSteps).graph().nodes.compactMap { node in
        guard case .convolution(let layer) = node.operation, layer.normalization != nil else { return nil }
        return (layer.weight.name, layer.outputs)
      }
    } catch {
      throw unsuitable("\(error)")
    }
    var lower = 0.0625
    var upper = 4.0
    for (name, full) in layers {
      guard let channels = shapes[name]?.first, (1...1 << 20).contains(channels) else { continue }
      // A missing or unexpected tensor is reported by name when the network is compared with the file.
      if channels > 8 { lower = max(lower, Double(channels - 4) / Double(full)) }
      upper = min(upper, Double(channels + 4) / Double(full))
    }
    if lower <= 1, 1 < upper { return .full }
    for parts in [1.0, 2, 4, 8, 16, 10, 100, 1000, 10_000, 100_000] {
      let candidate = (lower * parts).rounded(.up) / parts
      if candidate < upper { return WidthMultiplier(candidate) }
    }
    // No width fits all layers; the stem's makes the later message about shapes the shortest.
    return WidthMultiplier(min(4, max(0.0625, Double(shapes[StudentImport.stem]?.first ?? 64) / 64)))
  }

  private func unsuitable(_ reason: String) -> ModelFileError { .unsuitable(path: path, reason: reason) }
}
