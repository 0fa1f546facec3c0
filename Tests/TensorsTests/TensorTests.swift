import Tensors
import Testing

@Suite(.serialized) struct TensorTests {
  @Test func `tensor values are read back as they were written`() throws {
    #expect(try Tensor.of([1, 2, 3, 4, 5, 6] as [Float], [2, 3]).transposed(0, 1).floats() == [1, 4, 2, 5, 3, 6])
    #expect(try Tensor.of([1, -2] as [Int64], [2]).integers() == [1, -2])
    #expect(try Tensor.of([] as [Float], [0, 3]).floats() == [])
  }

  @Test func `a failure of libtorch is an error with its message`() throws {
    let a = try Tensor.zeros([2, 3])
    let b = try Tensor.zeros([4, 5])
    let error = #expect(throws: TensorError.self) { try a.matmul(b) }
    #expect("\(try #require(error))".contains("libtorch failed in matmul"))
    #expect("\(try #require(error))".contains("2x3 and 4x5"))
  }

  @Test func `running out of memory is an error that says so`() throws {
    let error = #expect(throws: TensorError.self) { try Tensor.zeros([1 << 40, 1 << 10]) }
    guard case .outOfMemory = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `a gradient reaches the leaf and can be cleared`() throws {
    let x = try Tensor.of([3, -2] as [Double], [2])
    try x.requireGradient()
    #expect(try x.gradient == nil)
    try x.squared().sum().backward()
    #expect(try x.gradient?.doubles() == [6, -4])
    try x.clearGradient()
    #expect(try x.gradient == nil)
    let quiet = try withoutGradients { try x.squared() }
    #expect(!quiet.requiresGradient)
  }

  @Test func `the error for a missing CUDA device names it`() {
    let error = #expect(throws: TensorError.self) { try Device(parsing: "cuda:99") }
    #expect(error?.description.contains("cuda:99") == true)
    #expect(throws: TensorError.noDevice(asked: "gpu", reason: "use cpu, cuda or cuda:N")) {
      try Device(parsing: "gpu")
    }
  }

  @Test(arguments: [
    OptimizerKind.sgd(momentum: 0.9, nesterov: true), .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
    .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
  ])
  func `an optimiser continues from its restored state as if it had never stopped`(kind: OptimizerKind) throws {
    func step(_ x: Tensor, _ optimizer: Optimizer) throws {
      try optimizer.clearGradients()
      try (x - 1).squared().sum().backward()
      try optimizer.step(learningRates: [0.1])
    }
    func start(_ values: [Float]) throws -> (Tensor, Optimizer) {
      let x = try Tensor.of(values, [2])
      try x.requireGradient()
      let optimizer = try Optimizer(kind)
      try optimizer.addGroup([x], weightDecay: 0.01)
      return (x, optimizer)
    }
    let (x, optimizer) = try start([3, -2])
    #expect(try optimizer.state(of: x) == nil)
    for _ in 0..<3 { try step(x, optimizer) }
    let (y, resumed) = try start(x.floats())
    let state = try #require(try optimizer.state(of: x))
    let copies = try state.slots.map { try Tensor.of($0.floats(), $0.shape) }
    try resumed.restore(Optimizer.State(slots: copies, steps: state.steps), of: y)
    for _ in 0..<3 {
      try step(x, optimizer)
      try step(y, resumed)
    }
    #expect(try x.floats() == y.floats())
  }

  @Test func `ten thousand training steps leak no tensor`() async {
    // In a separate process, because tests running at the same time hold tensors too.
    await #expect(processExitsWith: .success) {
      let x = try Tensor.of([1, 2, 3] as [Float], [3])
      try x.requireGradient()
      let optimizer = try Optimizer(.sgd(momentum: 0.9, nesterov: true))
      try optimizer.addGroup([x], weightDecay: 0)
      let before = Library.liveTensors
      for step in 0..<10_000 {
        try optimizer.clearGradients()
        try (x * x - 2.0).relu().sum().backward()
        // A failing call must not leak either; libtorch takes time to describe each failure.
        if step % 500 == 0 { #expect(throws: TensorError.self) { try x.matmul(Tensor.zeros([2])) } }
        try optimizer.step(learningRates: [1e-3])
      }
      #expect(before > 0 && Library.liveTensors == before)
    }
  }
}
