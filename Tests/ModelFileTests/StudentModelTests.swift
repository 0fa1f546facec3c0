import Foundation
import Networks
import TestSupport
import Testing

@testable import ModelFile

@Suite struct StudentModelTests {
  private func card() throws -> ModelCard {
    ModelCard(
      network: try tinyNetwork(), name: "tiny", labels: ["Cook.Cut", "Walk", "Watch \"TV\""], sampleRate: 12.5,
      temperature: 1.25, training: "none")
  }

  @Test(arguments: [ElementType.float32, .float16, .bfloat16])
  func `a model is read back as it was written`(type: ElementType) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    let weights = RandomWeights(seed: 3)
    try StudentModel.write(to: path, card: card(), type: type, from: weights)
    let model = try StudentModel(path: path)
    #expect(model.card == (try card()))
    for parameter in try model.network.graph().parameters {
      let expected = weights.values(of: parameter)
      let stored = parameter.shape.count > 1 ? type : .float32
      #expect(try model.values(of: parameter) == stored.floats(stored.bytes(expected)))
    }
    #expect(throws: ModelFileError.self) { try model.values(of: ParameterDescription("fc.bias", [4])) }
  }

  @Test func `families are read back as they were written, and only exist if a model has some`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    var card = try card()
    #expect(try card.metadata()["adl.families"] == nil)
    card.families = [
      LabelFamily(name: "Watch", labels: ["Watch \"TV\""]), LabelFamily(name: "Do", labels: ["Walk", "Cook.Cut"]),
    ]
    try StudentModel.write(to: path, card: card, type: .float16, from: RandomWeights(seed: 3))
    #expect(try StudentModel(path: path).card == card)
  }

  @Test func `calibration is read back as it was written, and must fit the network`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    var card = try card()
    let endpoints = try card.network.graph().rangedEndpoints
    card.ranges = ActivationRanges(
      largest: Dictionary(uniqueKeysWithValues: endpoints.enumerated().map { ($1, Float($0) + 0.5) }), exactModules: 2)
    try StudentModel.write(to: path, card: card, type: .float16, from: RandomWeights(seed: 3))
    let model = try StudentModel(path: path)
    #expect(model.card == card)
    #expect(model.card.temperature == 1.25)
    #expect(model.storedType == .float16)
    card.ranges?.largest["Mixed_4c"] = nil
    try StudentModel.write(to: path, card: card, type: .float16, from: RandomWeights(seed: 3))
    let error = #expect(throws: ModelFileError.self) { try StudentModel(path: path) }
    let reason = error?.description ?? ""
    #expect(reason.contains("its calibration cannot be used: Mixed_4c is missing"))
  }

  @Test func `a model's identity is the SHA-256 of its file`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    try StudentModel.write(to: path, card: card(), type: .float16, from: RandomWeights(seed: 3))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    process.arguments = [path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try #require(try pipe.fileHandleForReading.readToEnd())
    process.waitUntilExit()
    #expect(try StudentModel(path: path).sha256 == String(decoding: output.prefix(64), as: UTF8.self))
  }

  @Test(
    arguments: [
      ("adl.format", nil, "it is a safetensors file without adl's metadata; convert it with `adl model import`"),
      ("adl.format", "2", "it has format 2; this program supports format 1"),
      ("adl.network", nil, "its metadata lacks adl.network"),
      ("adl.network", "{}", "its metadata entry adl.network is invalid"),
      (
        "adl.network",
        #"{"architecture":"i3d","classes":3,"frames":15,"head":"fc","non_local":"none","size":112,"width":1}"#,
        "network frames is 15; it must be a multiple of 8 from 16 to 512"
      ),
      ("adl.labels", #"["a","b"]"#, "it has 2 labels for 3 classes"),
      ("adl.labels", #"["a","b","a"]"#, "the label 'a' appears twice"),
      ("adl.labels", #"["a","b",""]"#, "a label is empty"),
      ("adl.sampleRate", "0", "its sample rate is 0.0 Hz; it must be 1 to 120"),
      ("adl.sampleRate", "fast", "its metadata entry adl.sampleRate is invalid"),
      ("adl.calibration", #"{"temperature":0}"#, "its temperature is 0.0; it must be 0.001 to 1000"),
      ("adl.temporalPadding", "none", "its adl.temporalPadding is 'none'; it must be zeros or stream"),
      ("adl.crop", "middle", "its adl.crop is 'middle'; it must be full or centerSquare"),
      ("adl.families", #"{"Move":["Walk"]}"#, "its metadata entry adl.families is invalid"),
      (
        "adl.families", #"[{"name":"Move","labels":["Wlak"]}]"#,
        "its adl.families cannot be used: 'Move' names 'Wlak', a label the model does not have"
      ),
      (
        "adl.families", #"[{"name":"other","labels":["Walk"]}]"#,
        "its adl.families cannot be used: no family can be named 'other': that is the name for labels in no family"
      ),
      (
        "adl.preprocess", #"{"channels":"BGR","range":[0,1],"resize":"area"}"#,
        "its adl.preprocess requires samples that this program does not produce"
      ),
    ] as [(String, String?, String)])
  func `a model card that does not fit is refused with the entry's name`(key: String, value: String?, reason: String)
    throws
  {
    var metadata = try card().metadata()
    metadata[key] = value
    #expect(throws: ModelFileError.unsuitable(path: "FILE", reason: reason)) {
      try ModelCard(metadata: metadata, path: "FILE")
    }
  }

  @Test func `a model with a missing or misshapen tensor is refused`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    func write(_ change: (ParameterDescription) -> ParameterDescription?) throws {
      let parameters = try card().network.graph().parameters.compactMap(change)
      let counts = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.count) })
      try SafetensorsFile.write(
        to: path, metadata: card().metadata(), tensors: parameters.map { ($0.name, .float32, $0.shape) }
      ) { Array(repeating: 0, count: counts[$0] ?? 0) }
    }
    try write { $0.name == "fc.bias" ? nil : $0 }
    #expect(throws: ModelFileError.unsuitable(path: path, reason: "it lacks the tensor fc.bias")) {
      try StudentModel(path: path)
    }
    try write { $0.name == "fc.bias" ? ParameterDescription("fc.bias", [3, 1]) : $0 }
    #expect(throws: ModelFileError.unsuitable(path: path, reason: "fc.bias has shape [3, 1]; the network needs [3]")) {
      try StudentModel(path: path)
    }
  }

  @Test func `a model that cannot be written leaves the old one and no other file`() throws {
    struct Failing: ParameterSource {
      func values(of parameter: ParameterDescription) throws -> [Float] {
        throw ModelFileError.unsuitable(path: "source", reason: "no values")
      }
    }
    let folder = try TemporaryFolder()
    let path = try folder.write(Data("old".utf8), as: "model.safetensors")
    #expect(throws: ModelFileError.unsuitable(path: "source", reason: "no values")) {
      try StudentModel.write(to: path, card: card(), type: .float32, from: Failing())
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(try folder.names == ["model.safetensors"])
    #expect(throws: ModelFileError.cannotWrite(path: "/absent/model", reason: "No such file or directory")) {
      try StudentModel.write(to: "/absent/model", card: card(), type: .float32, from: Failing())
    }
  }
}
