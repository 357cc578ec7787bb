/** React Flow and nothing else: the yardstick for the frames of our canvas. */
import '@xyflow/react/dist/style.css';
import { Background, ReactFlow, useEdgesState, useNodesState } from '@xyflow/react';
import { createRoot } from 'react-dom/client';

interface Shape {
  readonly nodes: readonly { readonly id: string; readonly x: number; readonly y: number }[];
  readonly edges: readonly { readonly source: string; readonly target: string }[];
}

declare global {
  interface Window {
    /** Set by the test before the page is loaded. */
    readonly bareShape: Shape;
  }
}

function Bare({ nodes: shape, edges: wires }: Shape) {
  const [nodes, , onNodesChange] = useNodesState(
    shape.map(({ id, x, y }) => ({ id, position: { x, y }, data: { label: id } })),
  );
  const [edges, , onEdgesChange] = useEdgesState(
    wires.map(({ source, target }) => ({ id: `${source}-${target}`, source, target })),
  );
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      minZoom={0.05}
      fitView
    >
      <Background />
    </ReactFlow>
  );
}

createRoot(document.getElementById('root') as HTMLElement).render(<Bare {...window.bareShape} />);
