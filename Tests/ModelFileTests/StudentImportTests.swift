import Foundation
import Networks
import TestSupport
import Testing

@testable import ModelFile

@Suite struct StudentImportTests {
  private func message(_ tensors: [WrittenTensor], kind: StudentImport.Kind = .auto) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(TorchWriter.zip(tensors))
    let error = #expect(throws: ModelFileError.self) {
      try StudentImport(path: path, kind: kind, frames: 16, size: 112)
    }
    return error.map { "\($0)".replacing(path, with: "FILE") } ?? ""
  }

  @Test(
    arguments: [
      (StudentNetwork.NonLocal.subSampled, StudentNetwork.Head.stepClassifier), (.full, .stepClassifier),
      (.none, .meanOverSteps), (.none, .stepClassifier), (.full, .meanOverSteps),
    ], [false, true])
  func `a network is recognised by its tensors, and its weights are read`(
    variant: (nonLocal: StudentNetwork.NonLocal, head: StudentNetwork.Head), legacy: Bool
  ) throws {
    let network = try tinyNetwork(nonLocal: variant.nonLocal, head: variant.head)
    let tensors = try writtenTensors(network)
    let folder = try TemporaryFolder()
    let path = try folder.write(legacy ? TorchWriter.legacy(tensors) : TorchWriter.zip(tensors))
    let imported = try StudentImport(path: path, frames: 16, size: 112)
    #expect(imported.network == network)

    let out = folder.file("model.safetensors")
    let card = ModelCard(network: network, name: "tiny", labels: ["a", "b", "c"])
    try StudentModel.write(to: out, card: card, type: .float32, from: imported)
    let model = try StudentModel(path: out)
    for tensor in tensors {
      #expect(try model.values(of: ParameterDescription(tensor.name, tensor.shape)) == tensor.values)
    }
  }

  @Test(arguments: [0.0625, 0.1, 0.125, 0.25, 0.3, 0.5, 0.75, 1, 1.5])
  func `the width multiplier is found from the channels`(width: Double) throws {
    let network = try StudentNetwork(width: WidthMultiplier(width), frames: 32, size: 224, classes: 5)
    let parameters = try network.graph().parameters
    let shapes = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
    let found = try StudentShape(shapes, path: "FILE").network(frames: 64, size: 224)
    #expect(try found.graph().parameters == parameters)
    #expect(found.frames == 32)
  }

  @Test func `weights that are not finite, and negative variances, are refused`() throws {
    for (suffix, value) in [("Conv3d_1a_7x7.conv3d.weight", Float.nan), ("Conv3d_1a_7x7.bn.running_var", -1)] {
      let tensors = try writtenTensors(tinyNetwork()).map { tensor in
        var tensor = tensor
        if tensor.name.hasSuffix(suffix) { tensor.values[0] = value }
        return tensor
      }
      let folder = try TemporaryFolder()
      let imported = try StudentImport(path: folder.write(TorchWriter.zip(tensors)), frames: 16, size: 112)
      let name = try #require(tensors.first { $0.name.hasSuffix(suffix) })
      let error = #expect(throws: ModelFileError.self) {
        try imported.values(of: ParameterDescription(name.name, name.shape))
      }
      #expect("\(error as Any)".contains("1 of \(name.values.count) values of \(name.name) are not finite"))
    }
  }

  @Test func `a prefix, counters and training layers are removed and reported`() throws {
    var tensors = try writtenTensors(tinyNetwork()).map { tensor in
      WrittenTensor(name: "module." + tensor.name, shape: tensor.shape, values: tensor.values)
    }
    tensors.append(WrittenTensor(name: "module.emb_fc.weight", shape: [2], values: [0, 0]))
    tensors.append(WrittenTensor(name: "module.Mixed_3b.b0.bn.num_batches_tracked", shape: [], values: [7]))
    let folder = try TemporaryFolder()
    let imported = try StudentImport(path: folder.write(TorchWriter.zip(tensors)), size: 112)
    #expect(
      imported.remarks == [
        "the prefix module. was removed from every name", "dropped, for training only: emb_fc.weight",
        "dropped: 1 counters num_batches_tracked",
      ])
  }

  @Test(arguments: ["", "module.", "_orig_mod.module."])
  func `I3D's other published names are read as the same network`(prefix: String) throws {
    let network = try tinyNetwork(nonLocal: .none, head: .meanOverSteps)
    let tensors = try writtenTensors(network)
    let folder = try TemporaryFolder()
    let hassony = [
      "Conv3d_": "conv3d_", "Mixed_": "mixed_", ".bn.": ".batch3d.", ".b0.": ".branch_0.", ".b1a.": ".branch_1.0.",
      ".b1b.": ".branch_1.1.", ".b2a.": ".branch_2.0.", ".b2b.": ".branch_2.1.", ".b3b.": ".branch_3.1.",
      "logits.": "conv3d_0c_1x1.",
    ]
    let branches = [
      ".bn.": ".batch_norm.", ".b0.": ".branch_0.Conv3d_0a_1x1.", ".b1a.": ".branch_1.Conv3d_0a_1x1.",
      ".b1b.": ".branch_1.Conv3d_0b_3x3.", ".b2a.": ".branch_2.Conv3d_0a_1x1.", ".b2b.": ".branch_2.Conv3d_0b_3x3.",
      ".b3b.": ".branch_3.Conv3d_0b_1x1.", "logits.": "Conv3d_6b_1x1.",
    ]
    for names in [hassony, branches] {
      let renamed = tensors.map { tensor in
        var tensor = tensor
        for (ours, theirs) in names { tensor.name = tensor.name.replacing(ours, with: theirs) }
        tensor.name = prefix + tensor.name
        return tensor
      }
      let imported = try StudentImport(path: folder.write(TorchWriter.zip(renamed)), frames: 16, size: 112)
      #expect(imported.network == network)
      for tensor in tensors {
        #expect(try imported.values(of: ParameterDescription(tensor.name, tensor.shape)) == tensor.values)
      }
    }
  }

  @Test func `buffers that belong to no layer are dropped and reported`() throws {
    var tensors = try writtenTensors(tinyNetwork())
    tensors.append(WrittenTensor(name: "mean", shape: [3], values: [0, 0, 0]))
    tensors.append(WrittenTensor(name: "std", shape: [3], values: [1, 1, 1]))
    let folder = try TemporaryFolder()
    let imported = try StudentImport(path: folder.write(TorchWriter.zip(tensors)), size: 112)
    #expect(imported.remarks == ["dropped, as no layer uses them: mean, std"])
  }

  @Test func `a published I3D without batch-norm scales is completed and reported`() throws {
    let network = try tinyNetwork(nonLocal: .none, head: .meanOverSteps)
    let tensors = try writtenTensors(network).filter { !$0.name.hasSuffix(".bn.weight") }
    let folder = try TemporaryFolder()
    let imported = try StudentImport(path: folder.write(TorchWriter.legacy(tensors)), kind: .i3d, frames: 16, size: 112)
    #expect(
      imported.remarks == [
        "a plain I3D: added an identity Non-Local block and a mean over steps",
        "57 batch-norm scales are absent, as in TensorFlow's files, and set to 1",
      ])
    let scale = ParameterDescription("Mixed_3b.b0.bn.weight", [8])
    #expect(try imported.values(of: scale) == Array(repeating: 1, count: 8))
  }

  @Test func `a refused import names every tensor that does not fit`() throws {
    var tensors = try writtenTensors(tinyNetwork())
    tensors.removeAll { $0.name == "fc.bias" || $0.name == "Mixed_4c.b1b.conv3d.weight" }
    tensors.append(WrittenTensor(name: "classifier.weight", shape: [1], values: [0]))
    for index in tensors.indices where tensors[index].name == "Mixed_3b.b0.bn.bias" {
      tensors[index] = WrittenTensor(name: tensors[index].name, shape: [4, 2], values: tensors[index].values)
    }
    #expect(
      try message(tensors)
        == "FILE cannot be used: missing: Mixed_4c.b1b.conv3d.weight, fc.bias; left over: classifier.weight; "
        + "of another shape: Mixed_3b.b0.bn.bias [4, 2] instead of [8]")
  }

  @Test func `a checkpoint of another kind is refused`() throws {
    let plain = try writtenTensors(tinyNetwork(nonLocal: .none, head: .meanOverSteps))
    #expect(try message(plain, kind: .student) == "FILE cannot be used: it is not a VPN++ student: it lacks fc")
    #expect(
      try message(writtenTensors(tinyNetwork()), kind: .i3d)
        == "FILE cannot be used: it is not a plain I3D: it has fuse_att_fc")
    let other = [WrittenTensor(name: "conv1.weight", shape: [1], values: [0])]
    #expect(
      try message(other)
        == "FILE cannot be used: it is not an I3D: it has no Conv3d_1a_7x7.conv3d.weight; its tensors begin with conv1.weight"
    )
    let head = WrittenTensor(name: "fc.weight", shape: [3, 4], values: fixtureValues(12))
    #expect(try message(plain + [head]).contains("fc.weight has shape [3, 4]; for 3 classes it must be [3, 3 x steps]"))
    #expect(try message(plain.filter { $0.name != "logits.conv3d.weight" }).contains("it lacks logits.conv3d.weight"))
  }

  @Test func `a label file has one label per line, and problems are reported with the line`() throws {
    let folder = try TemporaryFolder()
    #expect(try LabelFile.read(folder.write(Data("Cook.Cut\r\nWatch TV \n\n".utf8))) == ["Cook.Cut", "Watch TV"])
    for (text, reason) in [
      ("a\n\nb\n", "line 2 is empty"), ("a\nb\na\n", "'a' is on line 1 and on line 3"), ("\n", "it has no labels"),
    ] {
      let path = try folder.write(Data(text.utf8))
      #expect(throws: ModelFileError.malformed(path: path, reason: reason)) { try LabelFile.read(path) }
    }
  }
}
