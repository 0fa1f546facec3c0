import Crypto
import Foundation
package import Networks

/// A model file's metadata.
package struct ModelCard: Equatable, Sendable {
  /// What the model's training windows showed.
  package enum Region: String, Equatable, Sendable, CaseIterable {
    /// A square around one person.
    case person
    /// The whole picture.
    case scene
  }

  /// How non-square pictures became square in training.
  package enum Crop: String, Equatable, Sendable, CaseIterable {
    /// Stretched.
    case full
    /// The largest centred square.
    case centerSquare
  }

  /// What the trunk saw before and after a window in training.
  package enum TemporalPadding: String, Equatable, Sendable, CaseIterable {
    case zeros
    /// The frames actually there, as continual windows see them.
    case stream
  }

  package var network: StudentNetwork
  package var name: String
  /// One activity per class, in logit order.
  package var labels: [String]
  /// Samples per second used in training.
  package var sampleRate: Double
  /// Divisor of the logits before the softmax; fitted on validation data.
  package var temperature: Double
  /// How large the layers' values become, for int8; `nil` if not calibrated.
  package var ranges: ActivationRanges?
  /// What it was trained on and how well it did, as free text or JSON.
  package var training: String
  /// `nil` if the file does not say.
  package var region: Region?
  /// `nil` if the file does not say; squares around people are already square.
  package var crop: Crop?
  package var temporalPadding: TemporalPadding
  /// Families of labels; empty if the activities are the labels themselves.
  package var families: [LabelFamily]

  package init(
    network: StudentNetwork, name: String, labels: [String], sampleRate: Double = 15, temperature: Double = 1,
    training: String = "", region: Region? = nil, crop: Crop? = nil, families: [LabelFamily] = [],
    ranges: ActivationRanges? = nil, temporalPadding: TemporalPadding = .zeros
  ) {
    self.temporalPadding = temporalPadding
    self.ranges = ranges
    self.region = region
    self.crop = crop
    self.families = families
    self.network = network
    self.name = name
    self.labels = labels
    self.sampleRate = sampleRate
    self.temperature = temperature
    self.training = training
  }

  private static let format = "1"
  /// How pixels become the network's input; a file with other values was trained on other data.
  private static let preprocess = Preprocess(channels: "RGB", range: [-1, 1], resize: "bilinear-half-pixel")

  private struct Calibration: Codable {
    var temperature: Double?
    var activations: ActivationRanges?
  }

  private struct Preprocess: Codable, Equatable {
    var channels: String
    var range: [Float]
    var resize: String
  }

  /// The card as the texts of a safetensors header.
  package func metadata() throws -> [String: String] {
    func json(_ value: some Encodable) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    var entries = [
      "adl.format": Self.format, "adl.network": try json(network), "adl.name": name, "adl.labels": try json(labels),
      "adl.sampleRate": "\(sampleRate)", "adl.preprocess": try json(Self.preprocess),
      "adl.calibration": try json(Calibration(temperature: temperature, activations: ranges)), "adl.training": training,
    ]
    entries["adl.region"] = region?.rawValue
    entries["adl.crop"] = crop?.rawValue
    if temporalPadding != .zeros { entries["adl.temporalPadding"] = temporalPadding.rawValue }
    if !families.isEmpty { entries["adl.families"] = try json(families) }
    return entries
  }

  /// - Throws: `ModelFileError.unsuitable` that names the missing or invalid entry.
  package init(metadata: [String: String], path: String) throws(ModelFileError) {
    func unsuitable(_ reason: String) -> ModelFileError { .unsuitable(path: path, reason: reason) }
    guard let format = metadata["adl.format"] else {
      throw unsuitable("it is a safetensors file without adl's metadata; convert it with `adl model import`")
    }
    guard format == Self.format else {
      throw unsuitable("it has format \(format); this program supports format \(Self.format)")
    }
    func decode<Value: Decodable>(_ key: String, _ type: Value.Type) throws(ModelFileError) -> Value {
      guard let text = metadata[key] else { throw unsuitable("its metadata lacks \(key)") }
      do {
        return try JSONDecoder().decode(type, from: Data(text.utf8))
      } catch let error as NetworkError {
        throw unsuitable("\(error)")
      } catch {
        throw unsuitable("its metadata entry \(key) is invalid")
      }
    }
    network = try decode("adl.network", StudentNetwork.self)
    labels = try decode("adl.labels", [String].self)
    guard labels.count == network.classes else {
      throw unsuitable("it has \(labels.count) labels for \(network.classes) classes")
    }
    guard !labels.contains("") else { throw unsuitable("a label is empty") }
    var distinct: Set<String> = []
    if let repeated = labels.first(where: { !distinct.insert($0).inserted }) {
      throw unsuitable("the label '\(repeated.prefix(100))' appears twice")
    }
    guard !(labels + [metadata["adl.name"] ?? ""]).contains(where: \.hasControls) else {
      throw unsuitable("its name or a label has control characters")
    }
    sampleRate = try decode("adl.sampleRate", Double.self)
    guard (1...120).contains(sampleRate) else {
      throw unsuitable("its sample rate is \(sampleRate) Hz; it must be 1 to 120")
    }
    if metadata["adl.preprocess"] != nil {
      guard try decode("adl.preprocess", Preprocess.self) == Self.preprocess else {
        throw unsuitable("its adl.preprocess requires samples that this program does not produce")
      }
    }
    let calibration =
      metadata["adl.calibration"] == nil ? Calibration() : try decode("adl.calibration", Calibration.self)
    ranges = calibration.activations
    temperature = calibration.temperature ?? 1
    guard (0.001...1000).contains(temperature) else {
      throw unsuitable("its temperature is \(temperature); it must be 0.001 to 1000")
    }
    if let text = metadata["adl.region"] {
      guard let known = Region(rawValue: text) else {
        throw unsuitable("its adl.region is '\(text.prefix(64))'; it must be person or scene")
      }
      region = known
    }
    if let text = metadata["adl.crop"] {
      guard let known = Crop(rawValue: text) else {
        throw unsuitable("its adl.crop is '\(text.prefix(64))'; it must be full or centerSquare")
      }
      crop = known
    }
    let padding = metadata["adl.temporalPadding"] ?? TemporalPadding.zeros.rawValue
    guard let known = TemporalPadding(rawValue: padding) else {
      throw unsuitable("its adl.temporalPadding is '\(padding.prefix(64))'; it must be zeros or stream")
    }
    temporalPadding = known
    families = metadata["adl.families"] == nil ? [] : try decode("adl.families", [LabelFamily].self)
    if let fault = LabelFamily.faults(in: families, of: labels).first {
      throw unsuitable("its adl.families cannot be used: \(fault)")
    }
    name = metadata["adl.name"] ?? ""
    training = metadata["adl.training"] ?? ""
  }
}

/// A student in a model file: its card, its weights, its identity.
///
/// Opening it checks everything but the values: every tensor the network needs must be present with its shape.
package struct StudentModel: ParameterSource, Sendable {
  package let card: ModelCard
  /// SHA-256 of the whole file in hexadecimal; included in every event.
  package let sha256: String
  package let file: SafetensorsFile

  package var path: String { file.file.path }
  package var network: StudentNetwork { card.network }

  /// How its matrices are stored.
  package var storedType: ElementType {
    file.entries.values.first { $0.shape.count > 1 }?.type ?? .float32
  }

  /// - Throws: `ModelFileError` that names the file and its problem.
  package init(path: String) throws(ModelFileError) {
    file = try SafetensorsFile(path: path)
    card = try ModelCard(metadata: file.metadata, path: path)
    sha256 = SHA256.hash(data: file.file.bytes).map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
    let graph: NetworkGraph
    do { graph = try card.network.graph() } catch { throw .unsuitable(path: path, reason: "\(error)") }
    for parameter in graph.parameters {
      guard let entry = file.entries[parameter.name] else {
        throw .unsuitable(path: path, reason: "it lacks the tensor \(parameter.name)")
      }
      guard entry.shape == parameter.shape else {
        throw .unsuitable(
          path: path, reason: "\(parameter.name) has shape \(entry.shape); the network needs \(parameter.shape)")
      }
    }
    if let fault = card.ranges?.fault(for: graph) {
      throw .unsuitable(
        path: path, reason: "its calibration cannot be used: \(fault); run `adl model calibrate` again")
    }
  }

  package func values(of parameter: ParameterDescription) throws(ModelFileError) -> [Float] {
    guard let entry = file.entries[parameter.name], entry.shape == parameter.shape else {
      throw .unsuitable(path: path, reason: "it lacks \(parameter.name) of shape \(parameter.shape)")
    }
    return entry.type.floats(file.bytes(of: entry))
  }

  /// Writes a model with the weights of `source`.
  ///
  /// - Parameters:
  ///   - path: the file to write; it appears only when complete.
  ///   - card: the model's metadata.
  ///   - type: how weights are stored; batch-norm statistics and biases stay float32, because rounding them would hurt
  ///     most.
  ///   - source: the weights.
  /// - Throws: `ModelFileError.cannotWrite`, or what `source` throws.
  package static func write(to path: String, card: ModelCard, type: ElementType, from source: some ParameterSource)
    throws(ModelFileError)
  {
    do {
      let parameters = try card.network.graph().parameters
      let byName = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
      try SafetensorsFile.write(
        to: path, metadata: card.metadata(),
        // Writing wide types first keeps every tensor aligned to its own size.
        tensors: parameters.map { ($0.name, $0.shape.count > 1 ? type : .float32, $0.shape) }
          .sorted { ($0.1.size, $1.0) > ($1.1.size, $0.0) }
      ) { name in
        guard let parameter = byName[name] else { preconditionFailure("\(name) was not declared") }
        return try source.values(of: parameter)
      }
    } catch {
      throw error as? ModelFileError ?? .cannotWrite(path: path, reason: "\(error)")
    }
  }
}
