const find=document.getElementById("find"),kind=document.getElementById("kind"),count=document.getElementById("count");
const rows=[...document.querySelectorAll("#rows tbody tr")].map(row=>[row,row.textContent.toLowerCase()]);
function show(){const words=find.value.toLowerCase().split(/\s+/).filter(Boolean);let n=0;
for(const [row,text] of rows){const on=(!kind.value||row.className===kind.value)&&words.every(w=>text.includes(w));row.hidden=!on;n+=on}
count.textContent=n+" of "+rows.length}
find.oninput=kind.onchange=show;show();
